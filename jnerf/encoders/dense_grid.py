"""Dense grid encoder: one grid of learned features, multilinearly interpolated."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.grid_interp import grid_interp
from jnerf.registry import ENCODERS


@ENCODERS.register()
class DenseGridEncoder(Encoder):
    """Features at the vertices of one regular grid over [0, 1]^n_dims.

    Vertices lie on the boundary: coordinate 0 is the first and 1 the last one.

    Args:
        resolution: vertices per axis, at least 2.
        n_features: features per vertex.
        n_dims: 2 or 3.
        interpolation: "linear", or "smoothstep" for continuous derivatives.
        init_scale: features start uniform in (-init_scale, init_scale).
        seed: of the initial features.

    Raises:
        ConfigError: a value is out of its range.

    >>> DenseGridEncoder(resolution=16, n_features=4).grid.shape
    [16,16,16,4,]
    """

    def __init__(
        self,
        resolution: int = 64,
        n_features: int = 8,
        n_dims: int = 3,
        interpolation: Literal["linear", "smoothstep"] = "linear",
        init_scale: float = 1e-4,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if resolution < 2:
            raise ConfigError(
                f"resolution is {resolution}; a cell needs at least 2 vertices per axis"
            )
        if n_features < 1:
            raise ConfigError(f"n_features is {n_features}; it must be at least 1")
        if n_dims not in (2, 3):
            raise ConfigError(f"n_dims is {n_dims}; choose 2 or 3")
        if interpolation not in ("linear", "smoothstep"):
            raise ConfigError(
                f"interpolation is {interpolation!r}; choose 'linear' or 'smoothstep'"
            )
        self.n_dims, self.out_dim = n_dims, n_features
        self.finest_cell = 1 / (resolution - 1)
        self.smoothstep = interpolation == "smoothstep"
        random = np.random.Generator(np.random.Philox(key=[seed, 0]))
        uniform = random.random([resolution] * n_dims + [n_features], dtype=np.float32)
        self.grid = jt.array((uniform * 2 - 1) * np.float32(init_scale))

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of positions in [0, 1]: [S, n_dims] -> [S, n_features]."""
        return grid_interp(x, self.grid, self.smoothstep)
