"""K-Planes with linear decoders (Fridovich-Keil et al. 2023, https://arxiv.org/abs/2301.10241, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.unbounded.proposed import ProposedNetwork
from jnerf.ops.activate import activate
from jnerf.ops.ray_dots import ray_dots
from jnerf.registry import NETWORKS
from jnerf.structures import RaySamples


@NETWORKS.register()
class ExplicitPlanesNetwork(ProposedNetwork):
    """Density and colour are linear in the features; colours depend on the direction through a learned basis.

    A density is ``initial_density`` exp(<features, w>) per unit, a unit being half the box's longest edge. Channel c of
    the colour is the logistic of <features, basis_c(direction)>: an MLP without biases makes the three vectors of a
    ray from its direction, once for all of its samples.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        encoders: of the config, by name.
        aabb: the scene's box, float32 [6].
        dir_encoder: encodes directions for the basis; None: it sees unit vectors as they are, as published.
        proposals: see ``ProposedNetwork``.
        basis_width: of the basis' hidden layers.
        basis_layers: hidden layers of the basis.
        proposal_width: of the hidden layer of a proposal; 0, linear, as published.
        initial_density: factor of all densities.
        space: how positions reach the unit cube: "box", "contraction_l2" or "contraction_linf".
        seed: of the initial weights.
        precision: see ``NGPNetwork``.

    Raises:
        ConfigError: a value is out of its range, or an encoder is missing.
    """

    def __init__(
        self,
        pos_encoder: Encoder,
        encoders: Mapping[str, Encoder],
        aabb: np.ndarray,
        dir_encoder: Encoder | None = None,
        proposals: Sequence[str] = (),
        basis_width: int = 128,
        basis_layers: int = 4,
        proposal_width: int = 0,
        initial_density: float = 1.0,
        space: Literal["box", "contraction_l2", "contraction_linf"] = "box",
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        at_least(
            "ExplicitPlanesNetwork",
            basis_width=(basis_width, 1),
            basis_layers=(basis_layers, 1),
            proposal_width=(proposal_width, 0),
        )
        where = aabb, proposals, proposal_width, initial_density, space
        super().__init__(pos_encoder, encoders, *where, seed, precision)
        self.dir_encoder = dir_encoder
        how = {"seed": seed, "precision": precision}
        self.density_row = MLP([pos_encoder.out_dim, padded(1)], 1, **how)
        n_dir = dir_encoder.out_dim if dir_encoder else 3
        widths = [n_dir, *[basis_width] * basis_layers, 3 * pos_encoder.out_dim]
        self.basis = MLP(widths, stream=1, **how)

    def field_density(self, features: jt.Var) -> jt.Var:
        """See ``ProposedNetwork``."""
        return self.density_row(features, activation=self._density).reshape(-1)

    def field(self, features: jt.Var, samples: RaySamples) -> tuple[jt.Var, jt.Var]:
        """See ``ProposedNetwork``."""
        directions = samples.rays.rays_d
        if self.dir_encoder:
            directions = self.dir_encoder(directions)
        vectors = self.basis(directions).reshape(len(samples.rays), 3, self.pos_encoder.out_dim)
        dots = ray_dots(features, vectors, samples.ray_indices, samples.packed_info)
        return self.field_density(features), activate(dots, "sigmoid")
