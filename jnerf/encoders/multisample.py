"""A hash grid that is asked for pieces of cones instead of points (Zip-NeRF, Barron et al. 2023,
https://arxiv.org/abs/2304.06706, section 2)."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.half_copy import HalfCopy, check_precision
from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.level_squares import level_sizes, level_squares
from jnerf.ops.multisample_encode import multisample_encode
from jnerf.registry import ENCODERS


@ENCODERS.register()
class MultisampleHashEncoder(Encoder):
    """Learned features at the middles of the cells of L grids, each finer than the one before; averaged over points.

    A piece of a cone is several points with a width; on levels whose cells are finer than that a point counts less, so
    that features fade, and with ``size_feature`` a further feature of each level says how much is left of it. A point
    without width sees all levels.

    Args:
        n_levels: L, number of resolutions.
        n_features: F, features per level: 1, 2, 4 or 8.
        log2_table_size: log2 of T, the most rows of a level.
        min_resolution: cells a side of the coarsest level.
        max_resolution: of the finest, of the whole unit cube, whatever the scene's box.
        init_scale: features start uniform in (-init_scale, init_scale).
        scale: what is looked up is multiplied by it.
        size_feature: a further feature per level: 2 times the points' mean weight minus 1, times the root of
            ``init_scale`` squared and the level's mean square, times ``scale``.
        table_precision: as of ``HashGridEncoder``.
        seed: of the initial features.

    Raises:
        ConfigError: a value is out of its range.

    >>> MultisampleHashEncoder(n_levels=6, n_features=1, max_resolution=512).out_dim
    12
    """

    n_dims = 3

    def __init__(
        self,
        n_levels: int = 10,
        n_features: int = 4,
        log2_table_size: int = 21,
        min_resolution: int = 16,
        max_resolution: int = 8192,
        init_scale: float = 1e-5,
        scale: float = 10.0,
        size_feature: bool = True,
        table_precision: Literal["float32", "float16", "bfloat16"] = "float32",
        seed: int = 0,
    ) -> None:
        super().__init__()
        try:
            self.layout = HashGridLayout(
                n_levels=n_levels,
                n_features=n_features,
                table_size=2**log2_table_size,
                min_resolution=min_resolution,
                max_resolution=max_resolution,
                centred=True,
            )
            check_precision(table_precision)
        except ValueError as error:
            raise ConfigError(f"MultisampleHashEncoder: {error}") from None
        if not init_scale >= 0 or not scale > 0:
            raise ConfigError(
                f"MultisampleHashEncoder: init_scale is {init_scale} and scale {scale}; they must be at least 0 and "
                "above 0"
            )
        self.out_dim = n_levels * (n_features + size_feature)
        self._sized, self._scale, self._least = size_feature, float(scale), init_scale**2
        random = np.random.Generator(np.random.Philox(key=[seed, 0]))
        table = random.random((self.layout.n_rows, n_features), dtype=np.float32)
        self.table = jt.array((table * 2 - 1) * np.float32(init_scale))
        self._copy = None if table_precision == "float32" else HalfCopy(table_precision)
        self._scales = jt.array(self.layout.scales).stop_grad()
        self._meta = jt.array(self.layout.meta).stop_grad()

    @property
    def finest_cell(self) -> float:
        """Edge of the cells of the finest level, in units of the cube."""
        return 1.0 / float(self.layout.scales[-1])

    def execute(self, x: jt.Var) -> jt.Var:
        """Features, grouped by level, of points without width in [0, 1]^3: [S, 3] -> [L, S, F or F + 1]."""
        widths = jt.zeros((1, x.shape[0])).stop_grad()
        points = x.unsqueeze(0)
        return self.multisample(points.stop_grad() if x.is_stop_grad() else points, widths)

    def multisample(self, points: jt.Var, widths: jt.Var) -> jt.Var:
        """Features of samples that P points with a width stand for; see ``Encoder``."""
        sizes = None
        if self._sized:
            sizes = level_sizes(self.table, self._meta, self.layout, self._least)
        grid = self.table, self._scales, self._meta, self.layout
        copy = self._copy and self._copy.of(self.table)
        return multisample_encode(points, widths, *grid, sizes, self._scale, copy)

    def level_squares(self) -> jt.Var:
        """See ``Encoder``."""
        return level_squares(self.table, self._meta, self.layout)
