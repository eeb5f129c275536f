"""The field as samplers see it: the one interface between where samples go and what is there."""

from __future__ import annotations

from abc import ABC, abstractmethod

import jittor as jt

from jnerf.ops.octree_interp import Octree
from jnerf.structures import FieldOutput, RaySamples


class Field(ABC):
    """What a sampler may ask. The engine fills it from the network (``jnerf.engine.pipeline.field``).

    Nothing of it carries gradients, with one exception that ``density_of`` names. Densities are per field unit,
    positions and distances in field units.
    """

    @abstractmethod
    def density(self, positions: jt.Var) -> jt.Var:
        """Densities [S] of positions [S, 3]."""

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """Densities [S] at or close to positions [S, 3]: what grids of cells keep."""
        return self.density(positions)

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """Densities of positions in the middle of intervals on rays, and what the network can use again.

        Args:
            positions: float32 [S, 3].
            t_starts: starts of the intervals, float32 [S].
            t_ends: their ends, float32 [S].
            ray_indices: the ray of each, ascending, int32 [S].

        Returns:
            Densities [S], and features [S, C] or grouped [G, S, F] for ``RaySamples.features`` of the intervals that
            become samples; None where there is nothing to reuse.
        """
        return self.density(positions), None

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | FieldOutput | None]:
        """Densities of the samples of one round, and what need not be worked out again.

        Of a round that a loss trains both are part of what is differentiated: a sampler calls this outside of
        ``jt.no_grad()``, and stops the gradients of the densities itself.

        Returns:
            Densities [S], and what is to be ``RaySamples.features`` of these samples.
        """
        return self.density(samples.positions), None

    def octree(self) -> Octree | None:
        """The tree outside of whose leaves the field is empty, over the scene's box; None where it has none."""
        return None

    def sdf(self, positions: jt.Var) -> jt.Var:
        """Signed distances [S] of positions [S, 3]; for samplers whose ``requires`` has "sdf"."""
        raise NotImplementedError(f"{type(self).__name__} has no signed distances")

    def gradient(self, positions: jt.Var) -> jt.Var:
        """Gradients [S, 3] of the signed distances at positions [S, 3]."""
        raise NotImplementedError(f"{type(self).__name__} has no gradients")
