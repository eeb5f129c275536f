"""The scene's box as the unit cube."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.models.networks.space.base import Space
from jnerf.ops.add_scaled import add_scaled
from jnerf.ops.unit_box import held_box, unit_box


class Box(Space):
    """Maps positions of the scene's box to the unit cube, each axis by itself.

    Args:
        aabb: (lows, highs), float32 [2 D], field units.
    """

    norm = "none"

    def __init__(self, aabb: np.ndarray) -> None:
        self.aabb = aabb = np.asarray(aabb, dtype=np.float32)
        low, high = np.split(aabb, 2)
        self.is_unit = bool((low == 0).all() and (high == 1).all())
        self.edge = float((high - low).max())
        self._size = high - low
        self._low = jt.array(low).stop_grad()
        self._inverse_size = jt.array(1 / self._size).stop_grad()
        self._nothing = jt.array(np.zeros_like(low)).stop_grad()
        self._inverse_squares = jt.array(1 / self._size**2).stop_grad()
        self._slopes: dict[float, jt.Var] = {}

    def __call__(self, positions: jt.Var) -> jt.Var:
        """See ``Space``; beyond the box coordinates leave [0, 1]."""
        if self.is_unit:
            return positions
        if positions.is_stop_grad() and positions.ndim == 2:
            return unit_box(positions, self._low, self._inverse_size)
        return (positions - self._low) * self._inverse_size

    def held(self, positions: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Positions [S, D] moved into the box, in units of the cube; and 1 for those that were in it, else 0, [S]."""
        if positions.is_stop_grad():
            return held_box(positions, self._low, self._inverse_size)
        unit = self(positions)
        held = jt.minimum(jt.maximum(unit, 0.0), 1.0)
        return held, (held == unit).float32().min(1).stop_grad()

    def gaussians(self, means: jt.Var, covariances: jt.Var) -> tuple[jt.Var, jt.Var]:
        """See ``Space``; exact."""
        if self.is_unit:
            return self(means), covariances
        if covariances.ndim == 2 and covariances.is_stop_grad():
            return self(means), unit_box(covariances, self._nothing, self._inverse_squares)
        if covariances.ndim == 2:
            return self(means), covariances * self._inverse_squares
        scale = self._inverse_size.unsqueeze(0)
        return self(means), covariances * scale.unsqueeze(2) * scale.unsqueeze(1)

    def widths(self, positions: jt.Var, widths: jt.Var) -> jt.Var:
        """See ``Space``."""
        return widths * float(np.exp(-np.log(self._size).mean()))

    def pull(
        self, positions: jt.Var, grad: jt.Var, unit: float = 1.0, add: jt.Var | None = None
    ) -> jt.Var:
        """See ``Space``."""
        if unit not in self._slopes:
            self._slopes[unit] = jt.array(np.float32(unit) / self._size).stop_grad()
        return add_scaled(grad, self._slopes[unit], add)
