"""CANDECOMP / PARAFAC encoder: products of three lines (TensoRF, Chen et al. 2022, https://arxiv.org/abs/2203.09517)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.encoders.factors import FactorEncoder, Table
from jnerf.ops.factor_interp import cp_interp
from jnerf.registry import ENCODERS


@ENCODERS.register()
class CPEncoder(FactorEncoder):
    """A grid of C components, each the product of a line along x, one along y and one along z.

    Memory grows with the resolution alone; it takes many components to say what a plane says.

    Args:
        n_components: C.
        resolution: the cube root of the number of vertices.
        aabb: scene fact: the box, whose edges share the vertices out.
        n_dims: scene fact: must be 3.
        init_scale: values start normal, with this deviation.
        seed: of the initial values.
        stream: distinguishes encoders that share a seed.

    Raises:
        ConfigError: a value is out of its range.

    >>> encoder = CPEncoder(n_components=96, resolution=16)
    >>> encoder.out_dim, encoder.line_x.shape
    (96, [16,96,])
    """

    def __init__(
        self,
        n_components: int = 96,
        resolution: int = 128,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        n_dims: int = 3,
        init_scale: float = 0.2,
        seed: int = 0,
        stream: int = 0,
    ) -> None:
        tables = [Table(f"line_{name}", (axis,), n_components) for axis, name in enumerate("xyz")]
        super().__init__(tables, resolution, aabb, n_dims, init_scale, seed, stream)
        self.out_dim = n_components

    def execute(self, x: jt.Var) -> jt.Var:
        """All components at positions in [0, 1]: [S, 3] -> [S, out_dim]."""
        return cp_interp(x, self.values())

    def summed(self, x: jt.Var, known: jt.Var | None = None) -> jt.Var:
        """See ``FactorEncoder``."""
        return cp_interp(x, self.values(), True, known)
