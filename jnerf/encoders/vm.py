"""Vector-matrix encoder: planes times lines (TensoRF, Chen et al. 2022, https://arxiv.org/abs/2203.09517, eq. 3)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.encoders.factors import FactorEncoder, Table
from jnerf.errors import ConfigError
from jnerf.ops.factor_interp import vm_interp
from jnerf.registry import ENCODERS

_MODES = ("z", "y", "x")  # axis of the line; the plane spans the others


@ENCODERS.register()
class VMEncoder(FactorEncoder):
    """A grid of C components as a sum of planes times lines: for each axis, a plane across it and a line along it.

    Features are ``plane_r(x, y) * line_r(z)``, then those of (x, z | y) and of (y, z | x). Memory grows with the square
    of the resolution.

    Args:
        n_components: of each of the three modes; three numbers for (x, y | z), (x, z | y), (y, z | x).
        resolution: the cube root of the number of vertices.
        aabb: scene fact: the box, whose edges share the vertices out.
        n_dims: scene fact: must be 3.
        init_scale: values start normal, with this deviation.
        seed: of the initial values.
        stream: distinguishes encoders that share a seed.

    Raises:
        ConfigError: a value is out of its range.

    >>> encoder = VMEncoder(n_components=4, resolution=16)
    >>> encoder.out_dim, encoder.plane_z.shape, encoder.line_z.shape
    (12, [16,16,4,], [16,4,])
    """

    def __init__(
        self,
        n_components: int | Sequence[int] = 16,
        resolution: int = 128,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        n_dims: int = 3,
        init_scale: float = 0.1,
        seed: int = 0,
        stream: int = 0,
    ) -> None:
        widths = [n_components] * 3 if isinstance(n_components, int) else list(n_components)
        if len(widths) != 3:
            raise ConfigError(
                f"VMEncoder: n_components is {n_components}; give one number or three"
            )
        planes = ((1, 0), (2, 0), (2, 1))
        tables = [Table(f"plane_{m}", axes, w) for m, axes, w in zip(_MODES, planes, widths, strict=True)]  # fmt: skip
        tables += [Table(f"line_{m}", (2 - k,), widths[k]) for k, m in enumerate(_MODES)]
        super().__init__(tables, resolution, aabb, n_dims, init_scale, seed, stream)
        self.out_dim = sum(widths)

    def execute(self, x: jt.Var) -> jt.Var:
        """All components at positions in [0, 1]: [S, 3] -> [S, out_dim]."""
        values = self.values()
        return vm_interp(x, values[:3], values[3:])

    def summed(self, x: jt.Var, known: jt.Var | None = None) -> jt.Var:
        """See ``FactorEncoder``."""
        values = self.values()
        return vm_interp(x, values[:3], values[3:], True, known)
