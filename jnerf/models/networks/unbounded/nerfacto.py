"""The network of nerfacto (Tancik et al. 2023, https://arxiv.org/abs/2302.04264): all of space in hash grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.two_mlps import density_and_color
from jnerf.models.networks.unbounded.appearance import Appearance
from jnerf.models.networks.unbounded.proposed import ProposedNetwork
from jnerf.ops.field_mlp import from_geometry
from jnerf.ops.gather_rays import gather_rays
from jnerf.registry import NETWORKS
from jnerf.structures import RaySamples


@NETWORKS.register()
class NerfactoNetwork(ProposedNetwork):
    """A density and a colour as of Instant-NGP in contracted space, and a small density for each earlier round.

    A density is ``initial_density`` exp(x) per unit, a unit being half the box's longest edge: what a contraction
    leaves as it is. The colour sees geometry features, the encoded direction and, with ``appearance``, numbers that are
    learned for each training image. Pictures see the mean of those numbers, or zeros. No biases.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        encoders: of the config, by name.
        aabb: the scene's box, float32 [6].
        n_images: scene fact: training images.
        proposals: names of the encoders of the proposals, for as many earlier rounds of the sampler; [] for samplers
            with one round, or where all rounds ask the field itself.
        hidden_width: of all hidden layers of the field.
        density_layers: hidden layers of the density MLP.
        color_layers: hidden layers of the colour MLP.
        geometry_features: outputs of the density MLP beside the density.
        proposal_width: of the hidden layer of a proposal; 0 for none.
        initial_density: factor of all densities: what there is of space begins almost empty.
        appearance: learned numbers for each training image; 0 for none.
        test_appearance: what pictures take for them: "mean" of the images, or "zeros".
        space: how positions reach the unit cube: "contraction_linf", "contraction_l2", or "box", outside of which
            nothing is.
        seed: of the initial weights.
        precision: see ``NGPNetwork``.

    Raises:
        ConfigError: a value is out of its range, or an encoder is missing.
    """

    def __init__(
        self,
        pos_encoder: Encoder,
        dir_encoder: Encoder | None,
        encoders: Mapping[str, Encoder],
        aabb: np.ndarray,
        n_images: int = 1,
        proposals: Sequence[str] = ("proposal_0", "proposal_1"),
        hidden_width: int = 64,
        density_layers: int = 1,
        color_layers: int = 2,
        geometry_features: int = 15,
        proposal_width: int = 16,
        initial_density: float = 0.01,
        appearance: int = 0,
        test_appearance: Literal["mean", "zeros"] = "mean",
        space: Literal["box", "contraction_l2", "contraction_linf"] = "contraction_linf",
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        at_least(
            "NerfactoNetwork",
            hidden_width=(hidden_width, 1),
            density_layers=(density_layers, 1),
            color_layers=(color_layers, 1),
            geometry_features=(geometry_features, 1),
            proposal_width=(proposal_width, 0),
            appearance=(appearance, 0),
        )
        where = aabb, proposals, proposal_width, initial_density, space
        super().__init__(pos_encoder, encoders, *where, seed, precision)
        self.dir_encoder = dir_encoder
        how = {"seed": seed, "precision": precision}
        widths = [pos_encoder.out_dim, *[hidden_width] * density_layers, 1 + geometry_features]
        self.density_mlp = MLP(widths, **how)
        n_seen = geometry_features + (dir_encoder.out_dim if dir_encoder else 0) + appearance
        widths = [n_seen, *[hidden_width] * color_layers, padded(3)]
        self.color_mlp = MLP(widths, 3, stream=1, **how)
        self.appearance = (
            Appearance(n_images, appearance, test_appearance, seed) if appearance else None
        )
        if self.appearance:
            self.protocol = {"appearance": self.appearance.rule}

    def field_density(self, features: jt.Var) -> jt.Var:
        """See ``ProposedNetwork``."""
        return self.density_mlp(features, n_out=1, exponential=True).reshape(-1)

    def field(self, features: jt.Var, samples: RaySamples) -> tuple[jt.Var, jt.Var]:
        """See ``ProposedNetwork``."""
        if self.appearance is not None:
            return self._with_appearance(features, samples)
        mlps = self.density_mlp, self.color_mlp, features, samples, self.dir_encoder
        return density_and_color(*mlps, head_sees_density=False)

    def _with_appearance(self, features: jt.Var, samples: RaySamples) -> tuple[jt.Var, jt.Var]:
        rays = samples.rays
        per_ray = [self.appearance(rays)]
        if self.dir_encoder:
            per_ray.insert(0, self.dir_encoder(rays.rays_d))
        extra = gather_rays(jt.concat(per_ray, 1), samples.ray_indices, samples.packed_info)
        return from_geometry(
            self.density_mlp(features), lambda seen: self.color_mlp(seen, extra, 3), True, False
        )

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The field's, "proposals" and, where it is, "appearance"; see ``Network``."""
        parts = {"proposals": self.proposals.mlps}
        return self._apart(parts | ({"appearance": self.appearance} if self.appearance else {}))
