"""Integrated positional encoding (mip-NeRF, Barron et al. 2021, https://arxiv.org/abs/2103.13415, section 3.1)."""

from __future__ import annotations

import jittor as jt

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.integrated_encode import integrated_encode
from jnerf.registry import ENCODERS


@ENCODERS.register()
class IntegratedEncoder(Encoder):
    """The frequency encoding of a piece of a pixel's cone instead of a point; no parameters.

    Frequencies that are finer than the piece is wide fade out: near cameras see detail, far ones its average. A point
    is a piece without width. Positions are moved from [0, 1] to [-1, 1] first.

    Args:
        n_frequencies: L; 16 in the paper.
        n_dims: number of coordinates.

    Raises:
        ConfigError: a value is out of its range.

    >>> IntegratedEncoder(n_frequencies=16).out_dim
    96
    """

    def __init__(self, n_frequencies: int = 16, n_dims: int = 3) -> None:
        super().__init__()
        if not 1 <= n_frequencies <= 30:
            raise ConfigError(f"n_frequencies is {n_frequencies}; choose 1 .. 30")
        if n_dims < 1:
            raise ConfigError(f"n_dims is {n_dims}; it must be at least 1")
        self.n_frequencies, self.n_dims = n_frequencies, n_dims
        self.out_dim = 2 * n_frequencies * n_dims

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of points: [S, n_dims] -> [S, out_dim]."""
        return self.integrate(x, jt.zeros(x.shape))

    def integrate(self, means: jt.Var, variances: jt.Var) -> jt.Var:
        """Features of Gaussians with these means and variances, [S, n_dims] each -> [S, out_dim]."""
        return integrated_encode(means, variances, self.n_frequencies, 2.0, -1.0)
