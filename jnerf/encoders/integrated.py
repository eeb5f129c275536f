"""Integrated positional encoding (mip-NeRF, Barron et al. 2021, https://arxiv.org/abs/2103.13415, section 3.1).

And that of mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077), along more directions than the axes.
"""

from __future__ import annotations

from math import pi
from typing import Literal

import jittor as jt

from jnerf.encoders.base import Encoder
from jnerf.encoders.directions import icosahedron
from jnerf.errors import ConfigError
from jnerf.ops.integrated_encode import integrated_encode
from jnerf.registry import ENCODERS


@ENCODERS.register()
class IntegratedEncoder(Encoder):
    """The frequency encoding of a piece of a pixel's cone instead of a point; no parameters.

    Frequencies that are finer than the piece is wide fade out: near cameras see detail, far ones its average. A point
    is a piece without width.

    Args:
        n_frequencies: L; 16 in mip-NeRF, 12 in mip-NeRF 360.
        n_dims: number of coordinates.
        basis: "axes": each coordinate is encoded, with its own variance; "icosahedron": the position along 21
            directions, with the variance along each, so that turned pieces keep their shape (mip-NeRF 360).
        half_edge: what half the edge of the unit cube measures where the first wave is sin(x): 2 for contracted space,
            as mip-NeRF 360 has it; half the box's edge in a paper's own units otherwise. None: the first wave turns
            once from 0 to 1 (mip-NeRF).

    Attributes:
        directions: unit vectors along which it takes Gaussians, float32 [B, 3]; None: along the axes.

    Raises:
        ConfigError: a value is out of its range.

    >>> IntegratedEncoder(n_frequencies=16).out_dim
    96
    >>> IntegratedEncoder(n_frequencies=12, basis="icosahedron", half_edge=2.0).out_dim
    504
    """

    def __init__(
        self,
        n_frequencies: int = 16,
        n_dims: int = 3,
        basis: Literal["axes", "icosahedron"] = "axes",
        half_edge: float | None = None,
    ) -> None:
        super().__init__()
        if not 1 <= n_frequencies <= 30:
            raise ConfigError(f"n_frequencies is {n_frequencies}; choose 1 .. 30")
        if n_dims < 1:
            raise ConfigError(f"n_dims is {n_dims}; it must be at least 1")
        if basis not in ("axes", "icosahedron"):
            raise ConfigError(f"basis is {basis!r}; choose one of axes, icosahedron")
        if basis == "icosahedron" and n_dims != 3:
            raise ConfigError(f"n_dims is {n_dims}; the icosahedron's directions are of 3")
        if half_edge is not None and not half_edge > 0:
            raise ConfigError(f"half_edge is {half_edge}; it must be above 0, or None")
        self.n_frequencies, self.n_dims = n_frequencies, n_dims
        self.directions = None if basis == "axes" else jt.array(icosahedron()).stop_grad()
        # the kernel's waves are sin(pi 2^k u)
        self._scale = 2.0 if half_edge is None else 2 * half_edge / pi
        waves = n_dims if self.directions is None else self.directions.shape[0]
        self.out_dim = 2 * n_frequencies * waves

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of points: [S, n_dims] -> [S, out_dim]."""
        means = x
        if self.directions is not None:
            means = ((x - 0.5).unsqueeze(1) * self.directions.unsqueeze(0)).sum(2)
            means = means.stop_grad() if x.is_stop_grad() else means
        return self.integrate(means, jt.zeros(means.shape).stop_grad())

    def integrate(self, means: jt.Var, variances: jt.Var) -> jt.Var:
        """Features of Gaussians in the unit cube -> [S, out_dim].

        Args:
            means: [S, n_dims]; of an encoder with ``directions`` along each of these, from the cube's middle, [S, B].
            variances: likewise.
        """
        offset = -self._scale / 2 if self.directions is None else 0.0
        return integrated_encode(means, variances, self.n_frequencies, self._scale, offset)
