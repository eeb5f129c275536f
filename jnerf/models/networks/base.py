"""What every network is: a field that answers for samples, and for positions alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.octree_interp import Octree
from jnerf.structures import FieldOutput, RaySamples

if TYPE_CHECKING:
    from jnerf.models.per_image.appearance import Appearance
    from jnerf.models.per_image.transient import Transients


class Network(jt.Module):
    """Base of networks (fields). Encoders that it keeps as attributes, any number of them, are found by themselves.

    Attributes:
        provides: channels of ``FieldOutput`` that it fills.
        earlier_provides: channels that it fills for samples of earlier rounds; None: the same. Proposals give
            {"sigmas"}: ``rgbs`` is None then.
        optional: channels that it fills as well if it is given an argument, by which: "background=True".
        offers: what losses of the field and samplers may ask of it beside (``requires_field``): "gradient",
            "pos_encoder", "voxels", "factors", "octree".
        earlier_rounds: how many earlier rounds of samples it has a field of its own for, which its sampler then must
            have; None: it takes any number.
        appearance: numbers of each training image (``make_appearance``); None for none. It is a group of its own.
        transients: what stands in front of the scene in each (``Transients``); likewise.
        trains_rays: whether gradients reach positions and directions of samples, so that cameras can learn.
        pos_encoder: encodes positions in the unit cube; only where ``offers`` has it.
    """

    provides: frozenset[str] = frozenset({"sigmas", "rgbs"})
    earlier_provides: frozenset[str] | None = None
    earlier_rounds: int | None = None
    appearance: Appearance | None = None
    transients: Transients | None = None
    optional: Mapping[str, str] = {}
    offers: frozenset[str] = frozenset()
    trains_rays: bool = True

    def execute(self, samples: RaySamples) -> FieldOutput:
        """The field at S samples."""
        raise NotImplementedError(f"{type(self).__name__} does not define execute(samples)")

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        raise NotImplementedError(f"{type(self).__name__} does not define density(positions)")

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """Density of samples whose weights say where the next round of samples goes.

        The same as at their midpoints, unless a network sees more of a sample than that, or has a field of its own
        for each round. The same as ``execute`` says of them, which is asked in its place for rounds that are trained.

        Returns:
            Densities [S], and what ``execute`` can use again if it is asked for these samples; see ``look``.
        """
        return self.look(samples.positions)

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

    def sdf(self, positions: jt.Var) -> jt.Var:
        """Signed distances of positions [S, 3], positive outside, field units: float32 [S]. Of networks that provide
        the channel "sdf"."""
        raise NotImplementedError(f"{type(self).__name__} has no signed distance")

    def gradient(self, positions: jt.Var) -> jt.Var:
        """The distance's gradient at positions [S, 3], which losses may train: float32 [S, 3]. Where ``offers`` has
        "gradient"."""
        raise NotImplementedError(f"{type(self).__name__} does not define gradient(positions)")

    def octree(self) -> Octree | None:
        """The tree outside of whose leaves the field is empty, over the scene's box. Where ``offers`` has "octree"."""
        return None

    def update(self, step: int) -> None:
        """Takes what changes with the step alone, before training step ``step`` and before rendering.

        The base tells the encoders.

        Args:
            step: number of the step about to be made, from 0; when rendering, the number of steps made.
        """
        for encoder in self.encoders():
            encoder.update(step)

    @property
    def protocol(self) -> dict[str, str]:
        """What numbers that are measured on its pictures depend on, for people: {what: how}."""
        found = {} if self.appearance is None else {"appearance": self.appearance.rule}
        return found if self.transients is None else found | {"transients": "left out of pictures"}

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

    def offered(self) -> frozenset[str]:
        """What losses of the field may ask: ``offers``, and what an encoder can tell: "variation", "level_squares"."""
        told = {
            name
            for encoder in self.encoders()
            for name in ("variation", "level_squares")
            if getattr(encoder, name) is not None
        }
        return self.offers | told

    def encoders(self) -> list[Encoder]:
        """The encoders that the network keeps, each once."""
        if "_encoders" not in self.__dict__:  # asked at every step: no walk each time
            self._encoders = [module for module in self.modules() if isinstance(module, Encoder)]
        return self._encoders

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters that are no encoder's, by group: "" is the block itself, "x" its part "network.x"."""
        return self._apart({})

    def _apart(self, parts: Mapping[str, jt.Module]) -> dict[str, list[jt.Var]]:
        """The same, with groups of their own for the parameters of ``parts``."""
        found = {"appearance": self.appearance, "transients": self.transients}
        parts = {**parts} | {name: part for name, part in found.items() if part is not None}
        groups = {name: trainable(module) for name, module in parts.items()}
        known = {id(p) for encoder in self.encoders() for p in encoder.parameters()}
        known |= {id(p) for group in groups.values() for p in group}
        own = [p for p in trainable(self) if id(p) not in known]
        return {"": own} | {name: group for name, group in groups.items() if group}


def directions_of(samples: RaySamples, dir_encoder: jt.Module | None) -> jt.Var | None:
    """The encoded direction of each sample, float32 [S, E]; encoded once per ray. None without an encoder."""
    if dir_encoder is None:
        return None
    per_ray = dir_encoder(samples.rays.rays_d)
    return gather_rays(per_ray, samples.ray_indices, samples.packed_info)


def trainable(module: jt.Module) -> list[jt.Var]:
    """The parameters of a module that take gradients, in a fixed order."""
    return [p for p in module.parameters() if not p.is_stop_grad()]


def learns(module: jt.Module) -> bool:
    """Whether a module, which keeps its parameters, has some that take gradients; without a walk at every step."""
    if "_own_vars" not in module.__dict__:
        module._own_vars = module.parameters()
    return any(not p.is_stop_grad() for p in module._own_vars)
