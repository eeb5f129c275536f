"""Masks: which pixels of an image may become training rays.

The kept pixels of all images are stored as runs, pixels that follow one another row-major, which takes a few numbers
per row of an image, and are drawn by their rank.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import read_stored, same_shape
from jnerf.datasets.pictures.orientation import lies_on_its_side, orientation, turn
from jnerf.errors import DataError


class PixelMask(Protocol):
    """Whatever says which pixels of an image count."""

    def keep(self, width: int, height: int) -> NDArray[np.bool_]:
        """The pixels of an image of a size that count, bool [height, width]."""


@dataclass(frozen=True)
class MaskFile:
    """A mask on disk.

    Attributes:
        path: the file, of any type; what counts is where it is zero in all channels (or in alpha).
        keeps_zeros: zero says keep, and all else says leave out; by default it is the other way round.
    """

    path: Path
    keeps_zeros: bool = False

    def keep(self, width: int, height: int) -> NDArray[np.bool_]:
        """See :func:`read_mask`."""
        return read_mask(self, width, height)


def masked_by(
    masks: Callable[[], Sequence[PixelMask | None] | None], sizes: NDArray[np.integer]
) -> Callable[[int], NDArray[np.bool_] | None]:
    """What the masks of N images keep, by the image's number; None for an image without.

    Args:
        masks: finds them, when the first is asked for; may give None for none at all.
        sizes: width and height of the images, int [N, 2].
    """
    found: list[Sequence[PixelMask | None] | None] = []

    def keep(i: int) -> NDArray[np.bool_] | None:
        if not found:
            found.append(masks())
        mask = found[0][i] if found[0] else None
        return None if mask is None else mask.keep(*sizes[i].tolist())

    return keep


@dataclass(frozen=True)
class AllOf:
    """The pixels that every one of several masks keeps."""

    masks: tuple[PixelMask, ...]

    def keep(self, width: int, height: int) -> NDArray[np.bool_]:
        """See :class:`PixelMask`."""
        return np.logical_and.reduce([mask.keep(width, height) for mask in self.masks])


@dataclass(frozen=True, eq=False)
class KeptPixels:
    """The pixels that the masks of N images keep.

    Attributes:
        counts: kept pixels of each image, int64 [N].
        starts: the first pixel of each run, row-major within its image, int64 [M]; image after image.
        ranks: kept pixels in front of each run, over all images, int64 [M].
    """

    counts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ranks: NDArray[np.int64]

    def pick(self, images: NDArray[np.integer], u: NDArray[np.float64]) -> NDArray[np.int64]:
        """The kept pixel at a share of each image's kept pixels.

        Args:
            images: the image of each draw, int [R].
            u: in [0, 1), float64 [R]; uniform numbers give uniform pixels.

        Returns:
            Pixels, row-major within their image, int64 [R].
        """
        before = np.cumsum(self.counts) - self.counts
        rank = before[images] + (u * self.counts[images]).astype(np.int64)
        run = np.searchsorted(self.ranks, rank, side="right") - 1
        return self.starts[run] + (rank - self.ranks[run])


def kept_pixels(runs: Sequence[NDArray[np.int64]]) -> KeptPixels:
    """Joins the runs of N images.

    Args:
        runs: of each image its (first pixel, number of pixels), int64 [M_i, 2], as :func:`mask_runs` says.
    """
    joined = np.concatenate(runs)
    lengths = joined[:, 1]
    counts = np.array([part[:, 1].sum() for part in runs], np.int64)
    return KeptPixels(counts, joined[:, 0].copy(), np.cumsum(lengths) - lengths)


def mask_runs(keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Runs of true pixels, row-major: (first pixel, number of pixels), int64 [M, 2].

    >>> mask_runs(np.array([[0, 1, 1], [1, 0, 1]], bool)).tolist()
    [[1, 3], [5, 1]]
    """
    edges = np.flatnonzero(np.diff(keep.reshape(-1), prepend=False, append=False))
    return np.stack([edges[::2], edges[1::2] - edges[::2]], axis=1).astype(np.int64)


def read_mask(mask: MaskFile, width: int, height: int) -> NDArray[np.bool_]:
    """The pixels of an image that a mask keeps, bool [height, width].

    A mask larger than the image keeps a pixel only if it keeps all that the pixel covers; a smaller one is
    looked up at the pixel's centre.

    Args:
        mask: the file.
        width: of the image, pixels.
        height: of the image, pixels.

    Raises:
        DataError: the file is missing or broken, of another shape than the image, or keeps no pixel at all.
    """
    try:
        stored = read_stored(mask.path)
    except DataError as error:
        raise DataError(f"mask: {error}") from None
    size = stored.shape[1], stored.shape[0]
    if lies_on_its_side(mask.path, size, (width, height)):
        stored, size = turn(stored, orientation(mask.path)), size[::-1]
    if not same_shape(size, (width, height)):
        raise DataError(
            f"mask {mask.path} is {size[0]}x{size[1]} pixels, its image {width}x{height}: a mask may be larger or "
            "smaller than its image, but of the same shape. Make it from the image again"
        )
    keep = _fit(is_set(stored) != mask.keeps_zeros, width, height)
    if not keep.any():
        says = "zero says keep, and none is" if mask.keeps_zeros else "all are zero: leave out"
        raise DataError(
            f"mask {mask.path} keeps none of the {width * height} pixels of its image ({says}): mend the mask, or "
            "remove the frame from the scene"
        )
    return keep


def is_set(stored: NDArray) -> NDArray[np.bool_]:
    """Where a stored mask [H, W] or [H, W, C] is not zero, bool [H, W]: in any colour, and in alpha if it has that."""
    if stored.ndim == 2:
        return stored != 0
    if stored.shape[2] in (2, 4):
        return (stored[..., :-1] != 0).any(axis=2) & (stored[..., -1] != 0)
    return (stored != 0).any(axis=2)


def _fit(keep: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    if keep.shape == (height, width):
        return keep
    if width > keep.shape[1] or height > keep.shape[0]:
        rows = (np.arange(height) + 0.5) * keep.shape[0] / height
        columns = (np.arange(width) + 0.5) * keep.shape[1] / width
        return keep[np.ix_(rows.astype(int), columns.astype(int))]
    share = cv2.resize(keep.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return share > 0.999  # of the area; sums of float32 round
