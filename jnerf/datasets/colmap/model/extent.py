"""What the points of a sparse model say of the scene's size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.arguments import AutoPlacement
from jnerf.datasets.colmap.model.model import SparseModel
from jnerf.datasets.colmap.model.parts import ColmapImage
from jnerf.datasets.placement.outliers import stray_cameras, strays, without_strays
from jnerf.datasets.placement.points import around_points, median_depths
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

# Triangulation leaves some points far off: the outermost of these shares do not count. Of few points, one may be more
# than that: what is far behind all others does not count either.
_OUTSIDE_BOX, _OUTSIDE_DEPTHS = 0.02, 0.001
_LARGEST_BOX = 128.0
_FEW = 0.05


def box_edge(points: NDArray[np.float64], model: Path | str = "the COLMAP model") -> float:
    """The smallest of 1, 2, 4 ... 128 whose cube around (0.5, 0.5, 0.5) holds all but 2 % of the points.

    >>> box_edge(np.array([[0.5, 0.5, 1.4]] * 99 + [[0.5, 900.0, 0.5]]))
    2.0

    Args:
        points: field units, float64 [M, 3].
        model: what errors call the model.

    Raises:
        DataError: there are no points.
    """
    if not len(points):
        raise DataError(
            f"{model} has no points that would tell the scene's size: give dataset.aabb_scale, dataset.near and "
            "dataset.far"
        )
    reach = np.abs(points - 0.5).max(axis=1)
    needed = 2 * np.quantile(reach[~strays(reach, _FEW)], 1 - _OUTSIDE_BOX)
    return float(2.0 ** np.ceil(np.log2(np.clip(needed, 1.0, _LARGEST_BOX))))


def place_around_points(
    model: SparseModel,
    images: Sequence[ColmapImage],
    place: AutoPlacement,
    labels: Sequence[str],
) -> Similarity:
    """World to field, so that what cameras look at is in the middle; see ``placement/points.py``.

    Args:
        model: the sparse model.
        images: whose cameras count.
        place: ``scale`` is what half the edge of the core becomes.
        labels: what to call each image.

    Raises:
        DataError: the model has no points, or no image sees one.
    """
    c2w = np.stack([image.c2w for image in images])
    try:
        depths = median_depths([model.seen_points(image) for image in images], c2w[:, :, 3])
        normal = around_points(
            without_strays(labels, c2w),
            model.points.xyz,
            depths,
            place.auto_orient,
            place.auto_centre,
            place.auto_scale,
            place.auto_frame == "principal",
        )
    except DataError as error:
        raise DataError(f"{model.folder}: {error}") from None
    return normal.then(place.similarity)


def depth_range(
    model: SparseModel, images: Sequence[ColmapImage], transform: Similarity
) -> tuple[float, float]:
    """Half the distance of the nearest points from the cameras that see them, and twice that of the farthest.

    Args:
        model: the sparse model.
        images: whose cameras count.
        transform: world to field.

    Returns:
        near and far, field units.

    Raises:
        DataError: the images observe no points.
    """
    eyes = np.stack([image.c2w[:, 3] for image in images])
    counted = np.flatnonzero(~stray_cameras(eyes))
    offsets = [model.seen_points(images[i]) - eyes[i] for i in counted]
    with np.errstate(over="ignore"):  # of points at infinity, in all but name
        distances = [np.linalg.norm(offset, axis=1) for offset in offsets]
    joined = np.concatenate(distances) * transform.scale
    joined = joined[~strays(joined, _FEW)]
    if not len(joined):
        raise DataError(
            f"{model.folder}: the images observe no points that would tell how near and far the scene is: "
            "give dataset.near and dataset.far"
        )
    near, far = np.quantile(joined, [_OUTSIDE_DEPTHS, 1 - _OUTSIDE_DEPTHS])
    return 0.5 * float(near), 2 * float(far)
