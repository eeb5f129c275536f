"""A picture of a surface: each texel holds the colour that the field has at its place on the surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.errors import ConfigError

#: Most texels asked at once.
CHUNK = 2**17
# Beyond the charts' borders, texels repeat the nearest one so far, for filters and smaller copies of the picture.
_GUTTER = 16


#: Texels of a few triangles: the triangle of each [T], weights of its corners [T, 3], row and column [T].
class Texels(NamedTuple):
    faces: NDArray
    weights: NDArray
    rows: NDArray
    columns: NDArray


Colors = Callable[[NDArray[np.integer], NDArray[np.float64]], NDArray[np.uint8]]


def bake(
    uvs: NDArray[np.float64],
    faces: NDArray[np.integer],
    size: int,
    colors: Colors,
    chunk: int = CHUNK,
    progress: bool = True,
) -> NDArray[np.uint8]:
    """Paints the triangles of a mesh into its picture.

    Args:
        uvs: place of each vertex in the picture, from the left and from below, [U, 2] in [0, 1].
        faces: int [F, 3].
        size: texels along a side.
        colors: vertices of each texel's triangle, int [T, 3], and their weights [T, 3] -> sRGB, uint8 [T, 3].
        chunk: most texels asked at once.
        progress: show a progress bar.

    Returns:
        sRGB, uint8 [size, size, 3], the first row being the uppermost.

    Raises:
        ConfigError: no texel's centre lies in a triangle.
    """
    image, painted = np.zeros((size, size, 3), np.uint8), np.zeros((size, size), bool)
    corners = uvs[faces] * size
    corners[..., 1] = size - corners[..., 1]
    with tqdm(
        total=len(faces), desc="texture", unit="face", leave=False, disable=not progress
    ) as bar:
        for texels in rasterize(corners - 0.5, size, chunk):
            image[texels.rows, texels.columns] = colors(faces[texels.faces], texels.weights)
            painted[texels.rows, texels.columns] = True
            bar.update(int(texels.faces.max()) + 1 - bar.n)
    if not painted.any():
        raise ConfigError(
            f"--texture {size}: its texels are larger than the {len(faces)} faces; ask for more texels or fewer --faces"
        )
    fill_gutters(image, painted)
    return image


def rasterize(corners: NDArray[np.float64], size: int, chunk: int = CHUNK) -> Iterator[Texels]:
    """The texels whose centres lie in triangles.

    Args:
        corners: column and row of each triangle's corners, texel centres being whole numbers; [F, 3, 2].
        size: texels along a side of the picture.
        chunk: most texels at once, at least one row of a triangle.

    Yields:
        Texels, triangles in order.
    """
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    top = np.clip(np.ceil(corners[..., 1].min(axis=1)), 0, size).astype(np.int64)
    bottom = np.clip(np.floor(corners[..., 1].max(axis=1)), -1, size - 1).astype(np.int64)
    heights = np.where(areas != 0, np.maximum(bottom - top + 1, 0), 0)
    # Weights of the corners are slope * column + rest(row); within the triangle none is below 0.
    safe = np.where(areas != 0, areas, 1)
    slopes = np.stack([ab[:, 1] - ac[:, 1], ac[:, 1], -ab[:, 1]], axis=1) / safe[:, None]
    for some in _groups(heights, chunk):
        which = np.repeat(np.arange(some.start, some.stop), heights[some])
        rows = top[which] + _counted(heights[some])
        y = rows - a[which, 1]
        second = (-ac[which, 0] * y) / safe[which] - slopes[which, 1] * a[which, 0]
        third = (ab[which, 0] * y) / safe[which] - slopes[which, 2] * a[which, 0]
        rests = np.stack([1 - second - third, second, third], axis=1)
        first, widths = _spans(slopes[which], rests, size)
        for part in _groups(widths, chunk):
            spans = np.repeat(np.arange(part.start, part.stop), widths[part])
            columns = first[spans] + _counted(widths[part])
            weights = slopes[which[spans]] * columns[:, None] + rests[spans]
            if len(spans):
                weights = np.clip(weights, 0, 1)
                yield Texels(which[spans], weights, rows[spans], columns)


def _spans(
    slopes: NDArray[np.float64], rests: NDArray[np.float64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First column and number of columns in which all weights are at least 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = -rests / slopes
    low = np.where(slopes > 0, ends, -np.inf).max(axis=1)
    high = np.where(slopes < 0, ends, np.inf).min(axis=1)
    empty = ((slopes == 0) & (rests < 0)).any(axis=1)
    first = np.ceil(np.clip(low - 1e-9, 0, size)).astype(np.int64)
    last = np.floor(np.clip(high + 1e-9, -1, size - 1)).astype(np.int64)
    return first, np.where(empty, 0, np.maximum(last - first + 1, 0))


def _groups(counts: NDArray[np.int64], most: int) -> Iterator[slice]:
    """Slices whose counts sum up to at most ``most``, or of one."""
    ends, first = np.cumsum(counts), 0
    while first < len(counts):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield slice(first, last)
        first = last


def _counted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0 .. n - 1 for each n of the counts, one behind the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def fill_gutters(image: NDArray[np.uint8], painted: NDArray[np.bool_]) -> None:
    """Gives texels that are not painted the colour of the nearest one that is, in place; far from all, the mean.

    Args:
        image: [S, S, 3].
        painted: bool [S, S], some of it True.
    """
    mean = image[painted].mean(axis=0).round().astype(np.uint8)
    empty = (~painted).astype(np.uint8)
    distances, labels = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colors = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colors[labels[painted]] = image[painted]
    near = (distances <= _GUTTER) & ~painted
    image[near] = colors[labels[near]]
    image[distances > _GUTTER] = mean
