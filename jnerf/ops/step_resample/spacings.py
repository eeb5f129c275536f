"""How a distance t becomes a normalised distance s, 0 at the near and 1 at the far end: s goes evenly in some h(t).

    s = (h(t) - h(near)) / (h(far) - h(near)),   t = h^-1((1 - s) h(near) + s h(far))

Curves that level off towards infinity are written by what is missing to their limit: the limit itself cannot be told
from its neighbourhood in float32, where t = 1e6 would come back as anything. ``kernel.h`` has the same inverses.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Spacing(ABC):
    """A curve h, strictly monotone in t.

    Attributes:
        code: its number in ``kernel.h``.
        from_zero: whether near may be 0.
    """

    code = 0
    from_zero = True

    @abstractmethod
    def bend(self, t: ArrayLike) -> NDArray:
        """h of distances."""

    @abstractmethod
    def unbend(self, h: ArrayLike) -> NDArray:
        """The distances of values of h."""

    @property
    def numbers(self) -> tuple[float, float]:
        """Two numbers that ``kernel.h`` takes for this curve."""
        return 0.0, 0.0

    def to_normal(self, t: ArrayLike, near: float, far: float) -> NDArray:
        """s of distances t.

        >>> Piecewise().to_normal(1.0, 0.0, 1e9).round(6).item()
        0.5
        """
        low, high = self.bend(near), self.bend(far)
        return (self.bend(t) - low) / (high - low)

    def from_normal(self, s: ArrayLike, near: float, far: float) -> NDArray:
        """The distances of s."""
        s = np.asarray(s)
        return self.unbend((1 - s) * self.bend(near) + s * self.bend(far))


@dataclass(frozen=True)
class Linear(Spacing):
    """h = t: even steps."""

    def bend(self, t: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return np.asarray(t)

    def unbend(self, h: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return np.asarray(h)


@dataclass(frozen=True)
class Inverse(Spacing):
    """h = 1 / t: even steps in disparity (mip-NeRF 360, Barron et al. 2022, section 2)."""

    code = 1
    from_zero = False

    def bend(self, t: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return 1 / np.asarray(t)

    def unbend(self, h: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return 1 / np.asarray(h)


@dataclass(frozen=True)
class Piecewise(Spacing):
    """h = 1 - t / 2 to t = 1 and 1 / (2 t) behind it: half of s even in t, half in 1 / t (nerfacto)."""

    code = 2

    def bend(self, t: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        t = np.asarray(t)
        return np.where(t < 1, 1 - t / 2, 1 / (2 * np.maximum(t, 1)))

    def unbend(self, h: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        h = np.asarray(h)
        return np.where(h > 0.5, 2 - 2 * h, 1 / (2 * np.minimum(h, 0.5)))


@dataclass(frozen=True)
class PowerLadder(Spacing):
    """h = (x / (1 - p) + 1)^p with x = ``scale`` t and a power p < 0 (Zip-NeRF, Barron et al. 2023, appendix C).

    The paper's curve is (1 - p) / p (h - 1): near 0 it goes as x, far out it levels off.
    """

    power: float = -1.5
    scale: float = 2.0
    code = 3

    def bend(self, t: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return (self.scale * np.asarray(t) / (1 - self.power) + 1) ** self.power

    def unbend(self, h: ArrayLike) -> NDArray:
        """See ``Spacing``."""
        return (np.asarray(h) ** (1 / self.power) - 1) * (1 - self.power) / self.scale

    @property
    def numbers(self) -> tuple[float, float]:
        """See ``Spacing``."""
        return 1 / self.power, (1 - self.power) / self.scale


SPACINGS = {
    "linear": Linear,
    "inverse": Inverse,
    "piecewise": Piecewise,
    "power_ladder": PowerLadder,
}


def make_spacing(name: str) -> Spacing:
    """The curve of that name, with its constants as published.

    Raises:
        ValueError: there is none.
    """
    if name not in SPACINGS:
        raise ValueError(f"spacing is {name!r}; choose one of {', '.join(SPACINGS)}")
    return SPACINGS[name]()
