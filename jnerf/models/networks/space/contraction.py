"""All of space in the unit cube: what is near as it is, what is far the more squeezed the farther it is.

mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077, equation 10): x stays where |x| <= 1 and becomes
(2 - 1 / |x|) x / |x| elsewhere, in the Euclidean norm, or, so that the result fills a cube as grids do, in the
largest coordinate's (nerfacto, Tancik et al. 2023, https://arxiv.org/abs/2302.04264).
"""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.models.networks.space.base import Space


class Contraction(Space):
    """Maps space to the unit cube; the scene's box becomes its middle half, [1/4, 3/4]^3.

    In x, the box goes from -1 to 1. With h(r) = 2 / r - 1 / r^2 and r the norm of x, at least 1, the map is h(r) x, and
    its Jacobian h I + h' x (dr/dx)^T: 1 / r^2 along a ray from the middle, h across.

    Args:
        aabb: (lows, highs), float32 [6], field units.
        norm: "l2" or "linf".
    """

    def __init__(self, aabb: np.ndarray, norm: Literal["l2", "linf"]) -> None:
        self.aabb, self.norm = np.asarray(aabb, np.float32), norm
        low, high = np.split(self.aabb, 2)
        self._largest = norm == "linf"
        self._dims = len(low)
        self._half = (high - low) / 2
        self.edge = float(4 * self._half.max())
        self._middle = jt.array((low + high) / 2).stop_grad()
        self._inverse_half = jt.array(1 / self._half).stop_grad()

    def __call__(self, positions: jt.Var) -> jt.Var:
        """See ``Space``; every finite position lies within (0, 1)."""
        x = self._in_units(positions)
        unit = _factor(self._norm(x)[0]) * x * 0.25 + 0.5
        return unit.stop_grad() if positions.is_stop_grad() else unit

    def gaussians(self, means: jt.Var, covariances: jt.Var) -> tuple[jt.Var, jt.Var]:
        """See ``Space``."""
        jacobian = self._jacobian(means)
        if covariances.ndim == 2:
            return self(means), (jt.sqr(jacobian) * covariances.unsqueeze(1)).sum(2)
        # J S J^T entry by entry: batches of 3 x 3 are no work for a matrix library
        half = (jacobian.unsqueeze(3) * covariances.unsqueeze(1)).sum(2)
        return self(means), (half.unsqueeze(2) * jacobian.unsqueeze(1)).sum(3)

    def widths(self, positions: jt.Var, widths: jt.Var) -> jt.Var:
        """See ``Space``."""
        r, _ = self._norm(self._in_units(positions))
        d = self._dims
        root = jt.pow(r, -2.0 / d) * jt.pow(_factor(r), (d - 1.0) / d)
        scale = float(np.exp(-np.log(4 * self._half).mean()))
        return widths * root.reshape(-1) * scale

    def pull(
        self, positions: jt.Var, grad: jt.Var, unit: float = 1.0, add: jt.Var | None = None
    ) -> jt.Var:
        """See ``Space``."""
        pulled = (self._jacobian(positions) * grad.unsqueeze(2)).sum(1) * unit
        return pulled if add is None else pulled + add

    def _in_units(self, positions: jt.Var) -> jt.Var:
        """Positions in half edges of the box, from its middle."""
        return (positions - self._middle) * self._inverse_half

    def _norm(self, x: jt.Var) -> tuple[jt.Var, jt.Var]:
        """The norm, at least 1, float32 [S, 1], and its derivative by x, 0 where it was raised to 1, [S, D]."""
        if self._largest:
            size = jt.abs(x)
            r = size.max(1, keepdims=True)
            # of several largest coordinates the first
            first = (jt.arange(self._dims).unsqueeze(0) == jt.argmax(size, 1)[0].unsqueeze(1)).float32()
            slope = first * jt.ternary(x < 0, -jt.ones_like(x), jt.ones_like(x))
            return jt.maximum(r, 1.0), slope * (r > 1).float32()
        # the root of at least 1 has a finite derivative everywhere, at the middle too
        r = jt.sqrt(jt.maximum(jt.sqr(x).sum(1, keepdims=True), 1.0))
        return r, x / r * (r > 1).float32()

    def _jacobian(self, positions: jt.Var) -> jt.Var:
        """Derivative of the cube's coordinates by positions, float32 [S, D, D]; row i is of coordinate i."""
        x = self._in_units(positions)
        r, slope = self._norm(x)
        steeper = (2 / (r * r * r) - 2 / (r * r)) * x  # h' x
        eye = jt.array(np.eye(self._dims, dtype=np.float32)).unsqueeze(0)
        jacobian = _factor(r).unsqueeze(2) * eye + steeper.unsqueeze(2) * slope.unsqueeze(1)
        return jacobian * 0.25 * self._inverse_half.reshape(1, 1, -1)


def _factor(r: jt.Var) -> jt.Var:
    """h(r) = 2 / r - 1 / r^2: 1 at r = 1."""
    return 2 / r - 1 / (r * r)
