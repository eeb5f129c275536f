"""True distances at pixels: of all pixels of an image, or of some."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.depth_files import fitted, read_depth
from jnerf.datasets.pictures.images import in_threads
from jnerf.datasets.pictures.pixel_store import byte_block
from jnerf.errors import DataError
from jnerf.ops.common import uniform

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

#: Which rays of a batch go through a known point, and through which one: a draw of the dataset's, see ``posed.py``.
_DRAW_POINT = 0xDA7A0003
#: Times the cameras' spread, or a part of it, that a scene's distances hardly are.
_UNLIKELY = 300


class DepthSource(Protocol):
    """What knows distances of N images, field units along the rays of pixel centres; 0 where it does not.

    Attributes:
        provides: the truths of a batch that it gives, "depth" among them.
        about: what a dataset's summary says of it.
    """

    provides: frozenset[str]

    @property
    def about(self) -> Mapping[str, int]: ...

    def drawn(
        self, images: Ints, x: Ints, y: Ints, seed: int, step: int
    ) -> tuple[Ints, Ints, Mapping[str, Floats]]:
        """Columns and rows of training pixels, some of which it may replace, and their truths, [R, 1] each.

        Args:
            images: of R pixels, int32 [R].
            x: their columns.
            y: their rows.
            seed: the run's.
            step: the training step.
        """

    def picture(self, i: int) -> Floats:
        """The distances of one image, float32 [H, W]."""


class DepthMaps:
    """Depth files of N images, read when they are first drawn from.

    Args:
        paths: the files, None for an image without.
        sizes: width and height of the images, int [N, 2].
        lengths: image -> field units along the ray for each number of its file, a number or [H, W].
        label: what the progress bar says.
        span: near and far end of rays, and the radius of the cameras about their middle, field units: for a look at
            units.
        max_gib: the most memory, GiB; more lies in a file on disk. None is half of what is free.
    """

    provides = frozenset({"depth"})

    def __init__(
        self,
        paths: Sequence[Path | None],
        sizes: NDArray[np.integer],
        lengths: Callable[[int], float | Floats],
        label: str,
        span: tuple[float, float, float],
        max_gib: float | None = None,
    ) -> None:
        self._paths, self._sizes = list(paths), np.asarray(sizes, np.int64)
        self._lengths, self._label, self._span, self._max_gib = lengths, label, span, max_gib
        self._offsets = np.concatenate([[0], np.cumsum(self._sizes.prod(axis=1))])

    @property
    def about(self) -> Mapping[str, int]:
        """See ``DepthSource``."""
        return {"n_depth_files": sum(path is not None for path in self._paths)}

    @cached_property
    def values(self) -> Floats:
        """The distances of all pixels, row-major, image after image, float32 [P].

        Raises:
            DataError: a file is broken or of another shape than its image, none knows a pixel, or there is no room.
        """
        size = 4 * int(self._offsets[-1])
        block = byte_block(size, self._max_gib, "raise dataset.downscale").view(np.float32)
        middles = in_threads(lambda i: self._read_into(block, i), len(self._paths), self._label)
        self._check(np.array(middles))
        return block

    def drawn(
        self, images: Ints, x: Ints, y: Ints, seed: int, step: int
    ) -> tuple[Ints, Ints, Mapping[str, Floats]]:
        """See ``DepthSource``."""
        where = self._offsets[images] + y * self._sizes[images, 0] + x
        return x, y, {"depth": self.values.take(where).reshape(-1, 1)}

    def picture(self, i: int) -> Floats:
        """See ``DepthSource``; reads this file alone."""
        path, (width, height) = self._paths[i], self._sizes[i].tolist()
        if path is None:
            return np.zeros((height, width), np.float32)
        found = fitted(read_depth(path), path, (width, height)) * self._lengths(i)
        return found.astype(np.float32)

    def _read_into(self, block: Floats, i: int) -> float:
        """Reads one image's distances to their place; their median, 0 if none is known."""
        found = self.picture(i).reshape(-1)
        block[self._offsets[i] : self._offsets[i + 1]] = found
        known = found[found > 0]
        return float(np.median(known)) if len(known) else 0.0

    def _check(self, middles: NDArray[np.float64]) -> None:
        """Looks for files that know nothing, and for units that are not the scene's."""
        named = [i for i, path in enumerate(self._paths) if path is not None]
        empty = [i for i in named if middles[i] == 0]
        if len(empty) == len(named):
            raise DataError(
                f"depth is 0, negative or no number at all pixels of all {len(named)} files, the first of them "
                f"{self._paths[named[0]]}: nothing can be learned from them. Make them again, or set dataset.depth=None"
            )
        if empty:
            warnings.warn(
                f"{len(empty)} of {len(named)} depth files know nothing, the first of them {self._paths[empty[0]]}",
                stacklevel=3,
            )
        middle = float(np.median(middles[middles > 0]))
        near, far, radius = self._span
        usual = radius == 0 or radius / _UNLIKELY < middle < radius * _UNLIKELY
        if usual and near < middle < far:
            return
        warnings.warn(
            f"depths are {middle:.3g} field units in the median; rays are looked at from {near:.3g} to {far:.3g}, and "
            f"the cameras stand {radius:.3g} about their middle. If depth files are not in thousandths of the poses' "
            "unit, set dataset.depth_unit (1.0 for the same unit)",
            stacklevel=3,
        )


@dataclass(frozen=True, eq=False)
class DepthPoints:
    """Distances at some pixels of N images, and rays that are led through them.

    Attributes:
        firsts: the first point of each image, and how many there are in all, int64 [N + 1].
        x: column of each point's pixel, int32 [K].
        y: row, int32 [K].
        depths: distance along the ray of the pixel's centre, field units, float32 [K].
        errors: how far the point is from where images see it, of the mean of all, float32 [K].
        share: part of the rays of a batch that go through points of their image.
        sizes: width and height of the images, int [N, 2].
    """

    firsts: NDArray[np.int64]
    x: Ints
    y: Ints
    depths: Floats
    errors: Floats
    share: float
    sizes: NDArray[np.integer]

    provides = frozenset({"depth", "depth_error"})

    @property
    def about(self) -> Mapping[str, int]:
        """See ``DepthSource``."""
        return {"n_depth_points": len(self.x)}

    def drawn(
        self, images: Ints, x: Ints, y: Ints, seed: int, step: int
    ) -> tuple[Ints, Ints, Mapping[str, Floats]]:
        """See ``DepthSource``; rays of images without points stay where they are."""
        counts = (self.firsts[1:] - self.firsts[:-1])[images]
        u = uniform(seed, step, np.arange(len(images), dtype=np.uint32), _DRAW_POINT)
        led = np.flatnonzero((u < self.share) & (counts > 0))
        part = np.minimum(u[led].astype(np.float64) / self.share, 1 - 1e-9)
        point = self.firsts[images[led]] + (part * counts[led]).astype(np.int64)
        x, y = np.array(x, np.int32), np.array(y, np.int32)
        x[led], y[led] = self.x[point], self.y[point]
        truths = np.zeros((2, len(images), 1), np.float32)
        truths[0, led, 0], truths[1, led, 0] = self.depths[point], self.errors[point]
        return x, y, {"depth": truths[0], "depth_error": truths[1]}

    def picture(self, i: int) -> Floats:
        """See ``DepthSource``."""
        width, height = self.sizes[i].tolist()
        found = np.zeros((height, width), np.float32)
        part = slice(self.firsts[i], self.firsts[i + 1])
        found[self.y[part], self.x[part]] = self.depths[part]
        return found
