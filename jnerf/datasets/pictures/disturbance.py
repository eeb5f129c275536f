"""Photographs made worse on purpose, to see whether training finds the scene behind them all the same.

Exposures that change from one to the next, and coloured squares in front of the scene, as NeRF in the Wild puts them
into lego (Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268, section 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.arguments import argument_problems
from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.imaging.pictures import to_uint8
from jnerf.imaging.srgb import to_linear, to_srgb

if TYPE_CHECKING:
    from jnerf.datasets.pictures.source import ImageSource

_KEY = 66  # of the generator; initial weights of networks and disturbed poses have smaller ones
_STRIPES = 10  # of a square


@dataclass(frozen=True)
class Disturbance:
    """How much worse training photographs are made; the seed says how.

    Args:
        stops: the exposure of each image, all channels alike, is uniform in +- so many powers of two of its light.
        tint: likewise of each channel of each image, beside that.
        squares: how many squares of ten coloured stripes stand in front of the scene in each image.
        square_size: the edge of a square, of the shorter side of the image.

    Raises:
        ConfigError: a value is out of its range.
    """

    stops: float = 0.0
    tint: float = 0.0
    squares: int = 0
    square_size: float = 0.25

    def __post_init__(self) -> None:
        at_least(
            "", **{f"disturb.{n}": (getattr(self, n), 0) for n in ("stops", "tint", "squares")}
        )
        if not 0 < self.square_size <= 1:
            raise ConfigError(f"disturb.square_size is {self.square_size}; it must be in (0, 1]")

    def exposures(self, n_images: int, seed: int) -> NDArray[np.float64]:
        """Stops of each image and channel, [N, 3]; their mean over the images is 0."""
        random = np.random.Generator(np.random.Philox(key=[seed, _KEY]))
        found = random.uniform(-self.stops, self.stops, (n_images, 1))
        found = found + random.uniform(-self.tint, self.tint, (n_images, 3))
        return found - found.mean(axis=0)

    @property
    def words(self) -> str:
        """What is done to each training image."""
        parts = []
        if self.stops or self.tint:
            parts.append(
                f"exposure by up to {self.stops:g} stops, each channel by up to {self.tint:g} more, mean 0, in linear "
                "light, clipped to 8 bit"
            )
        if self.squares:
            plural = "" if self.squares == 1 else "s"
            size = f"{self.square_size:g} of the side"
            parts.append(f"{self.squares} striped square{plural} of {size} in front")
        return "; ".join(parts) or "not at all"


def disturbance_problem(block: Any) -> str | None:
    """What is wrong with a block of disturbances; None for a good one."""
    if not isinstance(block, Mapping):
        return None
    return next(iter(argument_problems(Disturbance, block, "dataset.disturb")), None)


class DisturbedImages:
    """The same images, made worse.

    Args:
        images: as they are.
        sizes: their widths and heights, int [N, 2].
        disturbance: how much worse.
        seed: the run's seed.
    """

    paths = None  # the files show something else

    def __init__(
        self, images: ImageSource, sizes: NDArray[np.integer], disturbance: Disturbance, seed: int
    ) -> None:
        self._images, self._sizes, self._seed = images, np.asarray(sizes, np.int64), seed
        self._disturbance = disturbance
        factors = 2.0 ** disturbance.exposures(len(sizes), seed)
        light = to_linear(np.arange(256) / np.float32(255))
        self._curves = to_uint8(
            to_srgb(light * factors[..., None].astype(np.float32))
        )  # [N, 3, 256]

    @property
    def kept(self) -> Any:
        """See ``ImageSource``."""
        return self._images.kept

    @property
    def offsets(self) -> NDArray[np.int64]:
        """See ``ImageSource``."""
        return self._images.offsets

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """See ``ImageSource``."""
        found = np.array(self._images.pixels)
        for i, (width, height) in enumerate(self._sizes):
            part = slice(self.offsets[i], self.offsets[i] + width * height)
            rgba = found[part].view(np.uint8).reshape(height, width, 4)
            found[part] = self._worse(i, rgba).reshape(-1, 4).view(np.uint32)[:, 0]
        return found

    def image(self, i: int) -> NDArray[np.uint8]:
        """See ``ImageSource``."""
        return self._worse(i, self._images.image(i))

    def _worse(self, i: int, rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = np.array(rgba)
        for channel, curve in enumerate(self._curves[i]):
            found[..., channel] = curve[found[..., channel]]
        random = np.random.Generator(np.random.Philox(key=[self._seed, _KEY + 1], counter=i))
        height, width = found.shape[:2]
        edge = max(1, round(self._disturbance.square_size * min(width, height)))
        for _ in range(self._disturbance.squares):
            x, y = (int(random.random() * (n - edge + 1)) for n in (width, height))
            colors = random.integers(0, 256, (_STRIPES, 3))
            stripe = np.arange(edge) * _STRIPES // edge
            found[y : y + edge, x : x + edge, :3] = colors[stripe]
            found[y : y + edge, x : x + edge, 3] = 255
        return found
