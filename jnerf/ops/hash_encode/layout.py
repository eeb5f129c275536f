"""How the levels of a hash grid lie in its table: resolutions, sizes and offsets, all from five numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class HashGridLayout:
    """Geometry of a multiresolution grid.

    Level l has scale ``N_min * b**l - 1`` and ``ceil(scale) + 1`` vertices a side, with the growth factor
    ``b = exp(ln(N_max / N_min) / (L - 1))`` (Instant-NGP, equations 2 and 3). A level has
    ``min(roundup8(vertices**D), 2**log2_table_size or table_size)`` rows; it is indexed densely when all its
    vertices fit. ``centred`` levels have ``round(N_min * b**l)`` cells a side with a vertex in the middle of each, and
    as many vertices (Zip-NeRF, Barron et al. 2023); what lies beyond the outermost vertices takes their features.

    Attributes:
        n_levels: L, at least 1.
        n_features: F, one of 1, 2, 4, 8.
        table_size: T, most rows of a level.
        min_resolution: N_min.
        max_resolution: N_max.
        n_dims: D, 2 or 3.
        centred: vertices lie in the middle of cells.
        spread: levels over which the resolutions run from N_min to N_max, at least ``n_levels``; None: ``n_levels``.
    """

    n_levels: int = 16
    n_features: int = 2
    table_size: int = 2**19
    min_resolution: int = 16
    max_resolution: int = 2048
    n_dims: int = 3
    spread: int | None = None
    centred: bool = False

    def __post_init__(self) -> None:
        if self.n_levels < 1:
            raise ValueError(f"n_levels is {self.n_levels}; it must be at least 1")
        if self.n_features not in (1, 2, 4, 8):
            raise ValueError(f"n_features is {self.n_features}; it must be 1, 2, 4 or 8")
        if self.n_dims not in (2, 3):
            raise ValueError(f"n_dims is {self.n_dims}; it must be 2 or 3")
        if not 1 <= self.min_resolution <= self.max_resolution:
            raise ValueError(
                f"resolutions {self.min_resolution} .. {self.max_resolution}: "
                "min_resolution must be at least 1 and at most max_resolution"
            )
        if not 8 <= self.table_size <= 2**28:
            raise ValueError(f"table_size is {self.table_size}; it must be between 8 and 2**28")
        if self.spread is not None and self.spread < self.n_levels:
            raise ValueError(
                f"spread is {self.spread}; it must be at least n_levels = {self.n_levels}"
            )

    def leading(self, n_levels: int) -> HashGridLayout:
        """The first levels alone: their rows are the first ones of the table.

        >>> HashGridLayout().leading(3).resolutions.tolist(), HashGridLayout().resolutions[:3].tolist()
        ([16, 23, 31], [16, 23, 31])
        """
        return replace(self, n_levels=n_levels, spread=self.spread or self.n_levels)

    @cached_property
    def growth(self) -> float:
        """The factor b between the resolutions of neighbouring levels (1 for a single level)."""
        levels = self.spread or self.n_levels
        if levels == 1:
            return 1.0
        return float(np.exp(np.log(self.max_resolution / self.min_resolution) / (levels - 1)))

    @cached_property
    def scales(self) -> np.ndarray:
        """Scale of each level, float32 [L], computed in float32 as the method's definition does."""
        if self.centred:
            growth = self.growth ** np.arange(self.n_levels)
            return np.round(self.min_resolution * growth).astype(np.float32)
        steps = np.arange(self.n_levels, dtype=np.float32) * np.log2(np.float32(self.growth))
        return np.exp2(steps).astype(np.float32) * np.float32(self.min_resolution) - np.float32(1)

    @cached_property
    def resolutions(self) -> np.ndarray:
        """Vertices a side of each level, int64 [L]."""
        return np.ceil(self.scales).astype(np.int64) + (0 if self.centred else 1)

    @cached_property
    def dense(self) -> np.ndarray:
        """Whether each level is indexed densely, bool [L]."""
        return self.resolutions**self.n_dims <= self.table_size

    @cached_property
    def rows(self) -> np.ndarray:
        """Rows of each level, int64 [L]."""
        full = (self.resolutions**self.n_dims + 7) // 8 * 8
        return np.minimum(full, self.table_size)

    @cached_property
    def offsets(self) -> np.ndarray:
        """First row of each level, and the number of all rows, int64 [L + 1]."""
        return np.concatenate([[0], np.cumsum(self.rows)])

    @property
    def n_rows(self) -> int:
        """Rows of all levels together; the table has ``n_rows * n_features`` parameters."""
        return int(self.offsets[-1])

    @property
    def out_dim(self) -> int:
        """Features of a sample, L F."""
        return self.n_levels * self.n_features

    @cached_property
    def meta(self) -> np.ndarray:
        """What the kernels read, int32 [L, 4]: first row, rows, resolution, dense + 2 centred."""
        kinds = self.dense + 2 * self.centred
        columns = [self.offsets[:-1], self.rows, self.resolutions, kinds]
        return np.stack(columns, axis=1).astype(np.int32)
