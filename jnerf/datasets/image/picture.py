"""A picture of any size: its pixels as they are stored, and what colours they are."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import DataError
from jnerf.imaging.srgb import to_linear, to_srgb

ColorSpace = Literal["srgb", "linear"]
Floats = NDArray[np.float32]
_BLOCK = 2**20  # pixels looked at together


@dataclass(frozen=True)
class Stored:
    """Pixels as a file has them.

    Attributes:
        pixels: grey, grey and alpha, RGB or RGBA: [H, W, 1 .. 4], in memory or mapped from a file.
        full: what stands for full light; None: numbers with fractions, which are linear light, their alpha
            multiplied into them, as OpenEXR has it. Others are sRGB with straight alpha.
    """

    pixels: NDArray
    full: float | None


class Picture:
    """A picture as float32 RGB, a part at a time.

    Colours behind alpha are seen over a background: whole numbers are mixed in sRGB, as programs do that show them,
    linear light as light.

    Args:
        stored: its pixels.
        color_space: of the colours: "srgb", or "linear" light.
        background: sRGB, what is seen where the picture is transparent.
        source: the file, for messages.

    Attributes:
        width: pixels.
        height: pixels.
        grey: whether all of its colours are, as it is stored.
        transparent: whether it has alpha.

    Raises:
        DataError: it has no pixels, or some are no numbers.
    """

    def __init__(
        self,
        stored: Stored,
        color_space: ColorSpace,
        background: tuple[float, float, float],
        source: str,
    ) -> None:
        self._stored, self._space = stored, color_space
        self.height, self.width, channels = stored.pixels.shape
        if not self.n_pixels:
            raise DataError(
                f"image {source} has {self.width}x{self.height} pixels: there is nothing to learn"
            )
        self.grey, self.transparent = channels < 3, channels in (2, 4)
        behind = np.float32(background)
        self._behind = to_linear(behind) if stored.full is None else behind
        self._check_finite(source)

    @property
    def n_pixels(self) -> int:
        """Of the whole picture."""
        return self.width * self.height

    @cached_property
    def peak(self) -> float:
        """Full light, for PSNR: 1, or what is brightest if that is more."""
        if self._stored.full is not None:
            return 1.0
        return max(1.0, *(float(self.part(a, b).max()) for a, b in _blocks(self.n_pixels)))

    def part(self, first: int, end: int) -> Floats:
        """Colours of the pixels ``first .. end - 1``, counted row after row: [end - first, 3]."""
        return self._colors(self._flat[first:end])

    def rows(self, y0: int, y1: int) -> Floats:
        """Colours of the rows ``y0 .. y1 - 1``, [y1 - y0, W, 3]."""
        return self.part(y0 * self.width, y1 * self.width).reshape(-1, self.width, 3)

    def at(self, x: NDArray[np.integer], y: NDArray[np.integer]) -> Floats:
        """Colours of pixels, [n, 3].

        Args:
            x: columns, [n].
            y: rows, [n].
        """
        return self._colors(self._flat[y.astype(np.int64) * self.width + x])

    def between(self, u: NDArray[np.floating], v: NDArray[np.floating]) -> Floats:
        """Colours at points [n] of [0, 1], interpolated between centres of pixels; constant beyond the outermost."""
        x, y = u * self.width - 0.5, v * self.height - 0.5
        x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        right, down = (x - x0).astype(np.float32)[:, None], (y - y0).astype(np.float32)[:, None]
        columns = [np.clip(x0 + i, 0, self.width - 1) for i in (0, 1)]
        upper, lower = (
            self.at(columns[0], row) * (1 - right) + self.at(columns[1], row) * right
            for row in (np.clip(y0 + i, 0, self.height - 1) for i in (0, 1))
        )
        return upper * (1 - down) + lower * down

    def thinned(self, n: int) -> Picture:
        """Every n-th pixel of every n-th row, from the middle of the first n on; one at least."""
        pixels = np.ascontiguousarray(self._stored.pixels[n // 2 :: n, n // 2 :: n])
        found = copy.copy(self)
        found._stored = Stored(pixels, self._stored.full)
        found.height, found.width = pixels.shape[:2]
        found.__dict__.pop("_flat", None)
        return found

    def in_srgb(self, colors: Floats) -> Floats:
        """Colours such as these as sRGB."""
        return colors if self._space == "srgb" else to_srgb(colors)

    @cached_property
    def _flat(self) -> NDArray:
        return np.asarray(self._stored.pixels).reshape(self.n_pixels, -1)

    def _colors(self, stored: NDArray) -> Floats:
        """What stored pixels [n, C] are as colours, [n, 3]."""
        full = self._stored.full
        values = stored.astype(np.float32)
        if full is not None:
            values *= np.float32(1 / full)
        if self.transparent:
            alpha = values[:, -1:]
            colors = values[:, :-1] if full is None else values[:, :-1] * alpha
            values = colors + (1 - alpha) * self._behind
        elif self.grey:
            values = np.repeat(values, 3, axis=1)
        if full is None and self._space == "srgb":
            return to_srgb(values)
        return to_linear(values) if full is not None and self._space == "linear" else values

    def _check_finite(self, source: str) -> None:
        if self._stored.full is not None:
            return
        bad, first = 0, 0
        for start, end in _blocks(self.n_pixels):
            wrong = ~np.isfinite(self._flat[start:end]).all(axis=1)
            if wrong.any():
                first = first if bad else start + int(wrong.argmax())
                bad += int(wrong.sum())
        if bad:
            y, x = divmod(first, self.width)
            raise DataError(
                f"image {source}: {bad} of {self.n_pixels} pixels are not finite, the first at column {x}, row {y}. "
                "Fill them in before training"
            )


def _blocks(n: int) -> list[tuple[int, int]]:
    return [(first, min(first + _BLOCK, n)) for first in range(0, n, _BLOCK)]
