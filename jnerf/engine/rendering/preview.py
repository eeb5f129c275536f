"""A view from coarse to fine, for whoever looks on: first every eighth pixel, in the end all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import Rendered, render_rays, to_image
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle

# Columns and rows of pixels, int32 [R] each -> their rays.
Pixels = NDArray[np.int32]
PixelRays = Callable[[Pixels, Pixels], RayBundle]

#: Distances between the pixels of one picture after the other.
STRIDES = (8, 4, 2, 1)


class Progressive:
    """A view whose pixels become known in any number of portions, a lattice of them after the other.

    Pixel (i, j) of the picture with stride s is pixel (s i, s j) of the whole view, so that each pixel is asked for
    once: all pictures together cost as much as the last one.

    Args:
        width: of the whole view, pixels.
        height: of the whole view, pixels.
        strides: each divides the one before.

    Attributes:
        stride: of the finest picture that is complete; None before the first is.

    Raises:
        ValueError: a stride does not divide the one before.
    """

    def __init__(self, width: int, height: int, strides: Sequence[int] = STRIDES) -> None:
        if min(strides, default=1) < 1 or any(
            a % b for a, b in zip(strides, strides[1:], strict=False)
        ):
            raise ValueError(
                f"strides are {list(strides)}: each must be at least 1 and divide the one before"
            )
        self.width, self.height, self.stride = width, height, None
        self._strides = tuple(strides)
        self._lattices = _lattices(width, height, self._strides)
        self._values: dict[str, NDArray[np.float32]] = {}
        self.restart()

    @property
    def done(self) -> bool:
        """Whether all that the strides ask for is known."""
        return self._level == len(self._lattices)

    def restart(self) -> None:
        """Goes through all pixels again; what is known is shown until it is replaced."""
        self._level = self._at = 0

    def next(self, most: int) -> tuple[Pixels, Pixels]:
        """Columns and rows of the pixels to render next, at most so many; none when it is done."""
        if self.done:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        x, y = self._lattices[self._level]
        part = slice(self._at, self._at + most)
        return x[part], y[part]

    def put(self, found: Rendered, extras: Mapping[str, NDArray[np.float32]] | None = None) -> None:
        """Takes what was rendered of the pixels that ``next`` gave.

        Args:
            found: of these pixels, in their order.
            extras: further numbers of them by name, [R, C] each.
        """
        n = len(found.colors)
        x, y = self.next(n)
        named = {"colors": found.colors, "opacities": found.opacities, "depths": found.depths}
        named |= {} if found.normals is None else {"normals": found.normals}
        for name, values in {**named, **(extras or {})}.items():
            shape = self.height, self.width, *values.shape[1:]
            if name not in self._values:
                self._values[name] = np.zeros(shape, np.float32)
            self._values[name][y, x] = values
        self._at += n
        while not self.done and self._at == len(self._lattices[self._level][0]):
            stride = self._strides[self._level]
            self.stride = stride if self.stride is None else min(stride, self.stride)
            self._level, self._at = self._level + 1, 0

    def shape(self, stride: int) -> tuple[int, int]:
        """Height and width of the picture with a stride."""
        return -(-self.height // stride), -(-self.width // stride)

    def image(self, stride: int) -> Image:
        """The picture with a stride that is complete; ``stride`` or one before it."""
        shown = slice(None, None, stride)
        height, width = self.shape(stride)
        colors, opacities, depths = (
            self._values[name][shown, shown] for name in ("colors", "opacities", "depths")
        )
        normals = self.extra("normals", stride)
        return to_image(Rendered(colors, opacities, depths, normals), width, height)

    def extra(self, name: str, stride: int) -> NDArray[np.float32] | None:
        """Further numbers of the picture with a stride, [h, w, C]; None if there are none of this name."""
        values = self._values.get(name)
        return None if values is None else values[::stride, ::stride]


def preview(
    pipeline: Pipeline,
    rays: PixelRays,
    width: int,
    height: int,
    strides: Sequence[int] = STRIDES,
    rays_per_chunk: int | None = None,
) -> Iterator[Image]:
    """Renders ever finer pictures of one view over black; whoever has seen enough stops asking.

    Args:
        pipeline: the method; the caller applies the EMA.
        rays: columns and rows of pixels -> their rays.
        width: of the whole view, pixels.
        height: of the whole view, pixels.
        strides: each divides the one before.
        rays_per_chunk: at most this many rays at once.

    Yields:
        Pictures of ceil(width / stride) x ceil(height / stride) pixels; see ``Progressive``.

    Raises:
        ValueError: a stride does not divide the one before.
    """
    view = Progressive(width, height, strides)
    for stride in strides:
        while view.stride is None or view.stride > stride:
            x, y = view.next(width * height)
            view.put(render_rays(pipeline, _chunks(rays, x, y), len(x), rays_per_chunk))
        yield view.image(stride)


@lru_cache(maxsize=4)  # of one size after the other: whoever moves wants a picture at once
def _lattices(width: int, height: int, strides: tuple[int, ...]) -> list[tuple[Pixels, Pixels]]:
    """Columns and rows of the pixels that each stride adds."""
    known, found = np.zeros((height, width), bool), []
    for stride in strides:
        y, x = (v.ravel().astype(np.int32) for v in np.mgrid[0:height:stride, 0:width:stride])
        new = ~known[y, x]
        known[y, x] = True
        found.append((x[new], y[new]))
    return found


def _chunks(rays: PixelRays, x: Pixels, y: Pixels) -> Callable[[int, int], RayBundle]:
    return lambda first, end: rays(x[first:end], y[first:end])
