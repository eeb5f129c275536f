"""Sphere tracing (Hart 1996, https://doi.org/10.1007/s003710050084): rays go as far as a distance says is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tracer:
    """How rays find a surface.

    Attributes:
        low: least corner of the box that the distance is known in, float32 [3].
        high: its greatest corner.
        max_steps: steps after which a ray counts as one that meets nothing.
        step_scale: of the distance that a step goes.
        hit_distance: up to which the surface has been met.
    """

    low: Floats
    high: Floats
    max_steps: int = 256
    step_scale: float = 0.95
    hit_distance: float = 3e-4

    def __call__(
        self, distance: Callable[[Floats], Floats], origins: Floats, directions: Floats
    ) -> tuple[NDArray[np.int64], Floats]:
        """Where rays meet the surface.

        Args:
            distance: points [P, 3] -> signed distances [P].
            origins: of the rays, float32 [R, 3].
            directions: unit, float32 [R, 3].

        Returns:
            Which rays meet it, ascending, [H], and how far away, float32 [H].
        """
        t, ends = self._in_box(origins, directions)
        alive = np.flatnonzero(t < ends)
        t, ends, o, d = t[alive], ends[alive], origins[alive], directions[alive]
        hits, away = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        for _ in range(self.max_steps):
            if not len(alive):
                break
            free = distance(o + t[:, None] * d)
            met = free <= self.hit_distance
            hits.append(alive[met])
            away.append(t[met] + free[met])
            t = t + np.float32(self.step_scale) * free
            going = ~met & (t < ends)
            alive, t, ends, o, d = alive[going], t[going], ends[going], o[going], d[going]
        found, away = np.concatenate(hits), np.concatenate(away)
        order = np.argsort(found)
        return found[order], away[order]

    def _in_box(self, origins: Floats, directions: Floats) -> tuple[Floats, Floats]:
        """Where rays enter the box and leave it, [R] each; the first is not less than the other where they miss it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (self.low - origins) / directions, (self.high - origins) / directions
        first, last = np.minimum(a, b), np.maximum(a, b)
        # 0 / 0: along a face, neither before it nor behind it
        first, last = np.nan_to_num(first, nan=-np.inf), np.nan_to_num(last, nan=np.inf)
        return np.maximum(first.max(axis=1), 0), last.min(axis=1)
