"""Multiresolution hash grid encoder (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 3)."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.hash_encode import HashGridLayout, hash_encode, hash_encode_known
from jnerf.ops.hash_encode_gradient import hash_encode_gradient
from jnerf.registry import ENCODERS


@ENCODERS.register()
class HashGridEncoder(Encoder):
    """Learned features at the vertices of L grids, hashed into tables and interpolated.

    Args:
        n_levels: L, number of resolutions.
        n_features: F, features per level: 1, 2, 4 or 8.
        log2_table_size: log2 of T, the most rows of a level.
        min_resolution: N_min, of the coarsest level.
        max_resolution: N_max, of the finest level for a scene box of side 1; it grows with the box
            (``max_resolution * aabb_scale``), so that the finest cells keep their size in the scene.
        interpolation: "linear", or "smoothstep" for continuous derivatives.
        init_scale: features start uniform in (-init_scale, init_scale).
        n_dims: 2 or 3.
        aabb: the scene's box, float32 [6]; None for a box of side 1.
        seed: of the initial features.

    Raises:
        ConfigError: a value is out of its range.

    >>> HashGridEncoder().layout.n_rows * 2
    12196240
    """

    def __init__(
        self,
        n_levels: int = 16,
        n_features: int = 2,
        log2_table_size: int = 19,
        min_resolution: int = 16,
        max_resolution: int = 2048,
        interpolation: Literal["linear", "smoothstep"] = "linear",
        init_scale: float = 1e-4,
        n_dims: int = 3,
        aabb: np.ndarray | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        side = 1.0 if aabb is None else float(np.max(np.asarray(aabb)[3:] - np.asarray(aabb)[:3]))
        try:
            self.layout = HashGridLayout(
                n_levels=n_levels,
                n_features=n_features,
                table_size=2**log2_table_size,
                min_resolution=min_resolution,
                max_resolution=max(min_resolution, round(max_resolution * side)),
                n_dims=n_dims,
            )
        except ValueError as error:
            raise ConfigError(f"HashGridEncoder: {error}") from None
        self.n_dims, self.out_dim = n_dims, self.layout.out_dim
        self.smoothstep = interpolation == "smoothstep"
        random = np.random.Generator(np.random.Philox(key=[seed, 0]))
        shape = (self.layout.n_rows, n_features)
        table = random.random(shape, dtype=np.float32)
        self.table = jt.array((table * 2 - 1) * np.float32(init_scale))
        self._scales = jt.array(self.layout.scales).stop_grad()
        self._meta = jt.array(self.layout.meta).stop_grad()

    def execute(self, x: jt.Var) -> jt.Var:
        """Features, grouped by level, of positions in [0, 1]: [S, n_dims] -> [L, S, F]."""
        return hash_encode(x, self.table, self._scales, self._meta, self.layout, self.smoothstep)

    def known(self, x: jt.Var, features: jt.Var) -> jt.Var:
        """``self(x)`` where it is known already: ``features`` [L, S, F] of an earlier call without gradient.

        They must come from these positions and the present table. Gradients go to the table as if they had been
        looked up again.
        """
        return hash_encode_known(
            x, self.table, features, self._scales, self._meta, self.layout, self.smoothstep
        )

    def gradient(self, x: jt.Var, v: jt.Var) -> jt.Var:
        """Gradient by x of a scalar of each sample, differentiable again; see ``Encoder``.

        With ``interpolation="linear"`` it is constant along an axis within a cell and jumps between cells.

        Args:
            x: positions in [0, 1], [S, n_dims].
            v: the scalar's gradient by the features, [L, S, F].

        Returns:
            float32 [S, n_dims], per unit of x.
        """
        return hash_encode_gradient(
            x, self.table, v, self._scales, self._meta, self.layout, self.smoothstep
        )
