"""Multiresolution hash grid encoder (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 3)."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.encoders.coarse_to_fine import CoarseToFine, ScaleGradient
from jnerf.errors import ConfigError
from jnerf.ops.half_copy import HalfCopy, check_precision
from jnerf.ops.hash_encode import HashGridLayout, hash_encode, hash_encode_known, wants_half
from jnerf.ops.hash_encode_gradient import hash_encode_gradient
from jnerf.ops.level_squares import level_squares
from jnerf.registry import ENCODERS
from jnerf.schedules import Scheduled, ScheduledCount, make_schedule


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
        active_levels: how many levels are looked up, from the coarsest; the others' features are zero. A number, or a
            schedule (``jnerf.schedules``) that is rounded: from coarse to fine. None: all.
        coarse_to_fine: how many levels are open, as ``active_levels``, but levels fade in (``CoarseToFine``): for
            cameras that learn. At least 1; a number, or a schedule. None: all.
        grad_precision: of the sums that make up the table's gradient: "fp32", or "fp16", which on CUDA takes fewer
            additions to memory or fewer bytes; sums keep eleven bits then. ``pull`` and CPUs always take fp32.
        table_precision: in what the table is read: "float32", or a copy of it in 16 bits, "float16" (eleven bits of
            precision, below 65520) or "bfloat16" (eight, any size), which takes half of the cache. What is trained,
            averaged and saved stays float32; the copy follows it (``jnerf.ops.half_copy``).
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
        active_levels: ScheduledCount | None = None,
        coarse_to_fine: Scheduled | None = None,
        grad_precision: Literal["fp32", "fp16"] = "fp32",
        table_precision: Literal["float32", "float16", "bfloat16"] = "float32",
        n_dims: int = 3,
        aabb: np.ndarray | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        low, high = np.split(np.asarray([0.0, 1.0] if aabb is None else aabb), 2)
        side = float(np.max(high - low))
        try:
            self.layout = HashGridLayout(
                n_levels=n_levels,
                n_features=n_features,
                table_size=2**log2_table_size,
                min_resolution=min_resolution,
                max_resolution=max(min_resolution, round(max_resolution * side)),
                n_dims=n_dims,
            )
            wants_half(grad_precision, self.layout)
            check_precision(table_precision)
        except ValueError as error:
            raise ConfigError(f"HashGridEncoder: {error}") from None
        self.n_dims, self.out_dim = n_dims, self.layout.out_dim
        self.smoothstep, self.grad_precision = interpolation == "smoothstep", grad_precision
        random = np.random.Generator(np.random.Philox(key=[seed, 0]))
        shape = (self.layout.n_rows, n_features)
        table = random.random(shape, dtype=np.float32)
        self.table = jt.array((table * 2 - 1) * np.float32(init_scale))
        self._copy = None if table_precision == "float32" else HalfCopy(table_precision)
        self._scales = jt.array(self.layout.scales).stop_grad()
        self._meta = jt.array(self.layout.meta).stop_grad()
        self._schedule = make_schedule(n_levels if active_levels is None else active_levels)
        if active_levels is not None and not 1 <= round(self._schedule(0)) <= n_levels:
            raise ConfigError(
                f"HashGridEncoder: active_levels begins with {self._schedule(0):g}; it must be in 1 .. n_levels = "
                f"{n_levels}"
            )
        self._fading = CoarseToFine(coarse_to_fine, n_levels, 1)
        self.update(0)

    @property
    def active_levels(self) -> int:
        """Levels that are looked up."""
        return self._active

    @property
    def finest_cell(self) -> float:
        """Edge of the cells of the finest level that is looked up, in units of the box."""
        return 1.0 / max(float(self.layout.scales[self._active - 1]), 1.0)

    def update(self, step: int) -> None:
        """Sets the number of active levels and what each counts; see ``Network.update``."""
        self._fading.update(step)
        self._active = min(max(round(self._schedule(step)), 1), self._fading.n_open)

    def execute(self, x: jt.Var) -> jt.Var:
        """Features, grouped by level, of positions in [0, 1]: [S, n_dims] -> [L, S, F]."""
        table, grid = self._grid()
        how = self.smoothstep, self.grad_precision, self._halved()
        features = hash_encode(x, table, *grid, *how)
        return self._all_levels(features if self._fading.complete else features * self._weights())

    def known(self, x: jt.Var, features: jt.Var) -> jt.Var:
        """``self(x)`` where it is known already: ``features`` [L, S, F] of an earlier call without gradient.

        They must come from these positions and the present table. Gradients go to the table as if they had been
        looked up again.
        """
        table, grid = self._grid()
        if self._active < self.layout.n_levels:
            features = features[: self._active]
        how = self.smoothstep, self.grad_precision, self._halved()
        found = hash_encode_known(x, table, features, *grid, *how)
        if not self._fading.complete:  # these are weighted already, their gradients are not
            found = ScaleGradient()(found, self._weights())
        return self._all_levels(found)

    def pull(self, x: jt.Var, features: jt.Var, grad: jt.Var) -> jt.Var:
        """Gradient by x of a scalar of each sample, differentiable again; see ``Encoder``.

        With ``interpolation="linear"`` it is constant along an axis within a cell and jumps between cells.

        Args:
            x: positions in [0, 1], [S, n_dims].
            features: what a call gave for them; not needed here.
            grad: the scalar's gradient by the features, [L, S, F] or as rows [S, L F].

        Returns:
            float32 [S, n_dims], per unit of x.
        """
        if grad.ndim == 2:
            shape = grad.shape[0], self.layout.n_levels, self.layout.n_features
            grad = grad.reshape(shape).transpose(1, 0, 2)
        table, grid = self._grid()
        if self._active < self.layout.n_levels:
            grad = grad[: self._active]
        if not self._fading.complete:
            grad = grad * self._weights()
        return hash_encode_gradient(x, table, grad, *grid, self.smoothstep, self._halved())

    def level_squares(self) -> jt.Var:
        """See ``Encoder``; of all levels."""
        return level_squares(self.table, self._meta, self.layout)

    def _weights(self) -> jt.Var:
        """What each active level counts, float32 [K, 1, 1]."""
        return self._fading.var((self.layout.n_levels, 1, 1))[: self._active].stop_grad()

    def _halved(self) -> jt.Var | None:
        """The table of all levels in 16 bits, if those are read."""
        return self._copy and self._copy.of(self.table)

    def _grid(self) -> tuple[jt.Var, tuple]:
        """Table, and (scales, meta, layout), of the active levels."""
        k, layout = self._active, self.layout
        if k == layout.n_levels:
            return self.table, (self._scales, self._meta, layout)
        leading = layout.leading(k)
        scales, meta = (v[:k].stop_grad() for v in (self._scales, self._meta))
        return self.table[: leading.n_rows], (scales, meta, leading)

    def _all_levels(self, features: jt.Var) -> jt.Var:
        """Features of the active levels [K, S, F], zeros behind them -> [L, S, F]."""
        missing = self.layout.n_levels - features.shape[0]
        if missing == 0:
            return features
        return jt.concat([features, jt.zeros((missing, *features.shape[1:]))], dim=0)
