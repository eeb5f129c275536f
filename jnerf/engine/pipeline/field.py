"""A network as the field that samplers see, without gradients."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import jittor as jt

from jnerf.models.networks.base import Network
from jnerf.ops.octree_interp import Octree
from jnerf.samplers.field import Field
from jnerf.structures import FieldOutput, RaySamples


class FrozenField(Field):
    """A network's answers, each of them the network's method of the same name.

    Args:
        network: ``sdf`` is asked only of one that provides the channel "sdf".
        trained: numbers of the earlier rounds of samples that a loss trains: of these the network is asked for its
            whole answer, once and with gradients (``output_at``).
    """

    def __init__(self, network: Network, trained: Collection[int] = ()) -> None:
        self._network, self._trained = network, trained

    @property
    def network(self) -> Network:
        """Whose answers they are."""
        return self._network

    def density(self, positions: jt.Var) -> jt.Var:
        """See ``Network.density``."""
        with jt.no_grad():
            return self._network.density(positions)

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """See ``Network.density_nearby``."""
        with jt.no_grad():
            return self._network.density_nearby(positions)

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """See ``Network.look_along``."""
        with jt.no_grad():
            return self._network.look_along(positions, t_starts, t_ends, ray_indices)

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | FieldOutput | None]:
        """See ``Network.density_of``; of a round that is trained, the densities of its answer, and that.

        What else a network could use again is kept for trained rounds alone: of others it is not asked again. Whoever
        asks within ``jt.no_grad()`` gets no answer with gradients: the network is then asked again later.
        """
        network, trained = self._network, samples.round in self._trained
        if trained and not jt.flags.no_grad:
            earlier = network.earlier_provides
            if "sigmas" in (network.provides if earlier is None else earlier):
                output = network(samples)
                return output.sigmas, output
        if samples.rays.trained:  # positions that are kept from here on would have no gradients
            samples = replace(samples)
        with jt.no_grad():
            sigmas, features = network.density_of(samples)
        return sigmas, features if trained else None

    def octree(self) -> Octree | None:
        """See ``Network.octree``."""
        return self._network.octree()

    def sdf(self, positions: jt.Var) -> jt.Var:
        """See ``Network.sdf``."""
        with jt.no_grad():
            return self._network.sdf(positions)

    def gradient(self, positions: jt.Var) -> jt.Var:
        """See ``Network.gradient``."""
        with jt.no_grad():
            return self._network.gradient(positions)


def output_at(network: Network, samples: RaySamples) -> FieldOutput:
    """What a network says of samples, which it may have said already when they were placed."""
    known = samples.features
    return known if isinstance(known, FieldOutput) else network(samples)
