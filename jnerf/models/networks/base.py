"""What every network is: a field that answers for samples, and for positions alone."""

from __future__ import annotations

from collections.abc import Mapping

import jittor as jt
import numpy as np

from jnerf.ops.gather_rays import gather_rays
from jnerf.structures import FieldOutput, RaySamples


class Network(jt.Module):
    """Base of networks (fields).

    Attributes:
        provides: channels of ``FieldOutput`` that it fills.
        optional: channels that it fills as well if it is given an argument, by which: "background=True".
    """

    provides: frozenset[str] = frozenset({"sigmas", "rgbs"})
    optional: dict[str, str] = {}

    def execute(self, samples: RaySamples) -> FieldOutput:
        """The field at S samples."""
        raise NotImplementedError(f"{type(self).__name__} does not define execute(samples)")

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        raise NotImplementedError(f"{type(self).__name__} does not define density(positions)")

    def density_of(self, samples: RaySamples) -> jt.Var:
        """Density of samples whose weights say where the next round of samples goes, float32 [S].

        The same as at their midpoints, unless a network sees more of a sample than that, or has a field of its own
        for each round.
        """
        return self.density(samples.positions)

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """What grids of cells keep of positions [S, 3], float32 [S]: the density there or, if more, close by.

        A grid that knows a cell only from a point in it loses what is thinner than a cell.
        """
        return self.density(positions)

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and what ``execute`` can use again if these positions become samples.

        Returns:
            Densities [S], and features [S, C] or grouped [G, S, F], which come back as ``RaySamples.features`` of
            the samples that stay; None where there is nothing to reuse.
        """
        return self.density(positions), None

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """The same for positions in the middle of intervals on rays, whose direction a surface's opacity depends on.

        Args:
            positions: [S, 3], field units.
            t_starts: starts of the intervals, float32 [S].
            t_ends: their ends, float32 [S].
            ray_indices: the ray of each, ascending, int32 [S]; its intervals come one behind the other.
        """
        return self.look(positions)

    def update(self, step: int) -> None:
        """Takes what changes with the step alone, before training step ``step`` and before rendering.

        The base tells the encoders.

        Args:
            step: number of the step about to be made, from 0; when rendering, the number of steps made.
        """
        for name in ("pos_encoder", "dir_encoder"):
            encoder = vars(self).get(name)
            if encoder is not None and hasattr(encoder, "update"):
                encoder.update(step)

    @property
    def stats(self) -> dict[str, float]:
        """Numbers about the field as it is, for the log."""
        return {}

    def refine(self, step: int) -> bool:
        """Changes what is trained before training step ``step``: a grid becomes finer, entries are dropped.

        Returns:
            Whether parameters were replaced. The engine then hands the new ``param_groups()`` to the optimiser and to
            the average; whatever these kept of a parameter that is gone starts anew.
        """
        return False

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes the sizes of a saved state, where training changes them; the values follow.

        Args:
            state: saved arrays by the names of ``state_dict()``.

        Returns:
            Whether parameters were replaced; see ``refine``. False too for a state that does not fit.
        """
        return False

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters by group: "encoder" holds those of encoders, "network" all others."""
        encoders = [
            module for name, module in vars(self).items() if name in ("pos_encoder", "dir_encoder")
        ]
        of_encoders = [p for encoder in encoders if encoder for p in trainable(encoder)]
        known = {id(p) for p in of_encoders}
        others = [p for p in trainable(self) if id(p) not in known]
        return {"encoder": of_encoders, "network": others}


def directions_of(samples: RaySamples, dir_encoder: jt.Module | None) -> jt.Var | None:
    """The encoded direction of each sample, float32 [S, E]; encoded once per ray. None without an encoder."""
    if dir_encoder is None:
        return None
    per_ray = dir_encoder(samples.rays.rays_d)
    return gather_rays(per_ray, samples.ray_indices, samples.packed_info)


def trainable(module: jt.Module) -> list[jt.Var]:
    """The parameters of a module that take gradients, in a fixed order."""
    return [p for p in module.parameters() if not p.is_stop_grad()]


class Box:
    """Maps positions of the scene's box to [0, 1]^3.

    Args:
        aabb: (min x y z, max x y z), float32 [6], field units.
    """

    def __init__(self, aabb: np.ndarray) -> None:
        aabb = np.asarray(aabb, dtype=np.float32)
        self.is_unit = bool((aabb == np.array([0, 0, 0, 1, 1, 1], np.float32)).all())
        self._low = jt.array(aabb[:3]).stop_grad()
        self._inverse_size = jt.array(1 / (aabb[3:] - aabb[:3])).stop_grad()

    def __call__(self, positions: jt.Var) -> jt.Var:
        """[S, 3] field units -> [S, 3] in [0, 1] inside the box."""
        if self.is_unit:
            return positions
        unit = (positions - self._low) * self._inverse_size
        return unit.stop_grad() if positions.is_stop_grad() else unit

    def gaussians(self, means: jt.Var, variances: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Means and variances [S, 3] in field units -> the same of the unit box."""
        return self(means), variances if self.is_unit else variances * self._inverse_size**2
