"""The field as samplers see it: densities or distances of positions or of samples, without gradients."""

from __future__ import annotations

from typing import Any

import jittor as jt

from jnerf.structures import RaySamples


class FrozenField:
    """Densities of a network, for samplers.

    Args:
        network: a ``Network``; ``sdf`` is asked only of one that has signed distances.
    """

    def __init__(self, network: Any) -> None:
        self._network = network

    def __call__(self, positions: jt.Var) -> jt.Var:
        """Densities [S] of positions [S, 3]."""
        with jt.no_grad():
            return self._network.density(positions)

    def nearby(self, positions: jt.Var) -> jt.Var:
        """Densities [S] at or close to positions [S, 3]; see ``Network.density_nearby``."""
        with jt.no_grad():
            return self._network.density_nearby(positions)

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """Densities [S], and features that the network can use again; see ``Network.look_along``."""
        with jt.no_grad():
            return self._network.look_along(positions, t_starts, t_ends, ray_indices)

    def of(self, samples: RaySamples) -> jt.Var:
        """Densities [S] of the samples of an earlier round; see ``Network.density_of``."""
        with jt.no_grad():
            return self._network.density_of(samples)

    def sdf(self, positions: jt.Var) -> jt.Var:
        """Signed distances [S] of positions [S, 3]; only of networks that provide the channel "sdf"."""
        with jt.no_grad():
            return self._network.sdf(positions)
