"""The network of nerfacto (Tancik et al. 2023, https://arxiv.org/abs/2302.04264): all of space in hash grids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network, trainable
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.space import make_space
from jnerf.models.networks.two_mlps import density_and_color
from jnerf.models.networks.unbounded.appearance import Appearance
from jnerf.models.networks.unbounded.proposals import Proposals
from jnerf.ops.field_mlp import from_geometry
from jnerf.ops.gather_rays import gather_rays
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


@NETWORKS.register()
class NerfactoNetwork(Network):
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
        proposal_width: of the hidden layer of a proposal.
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

    earlier_provides = frozenset({"sigmas"})
    features_carry_gradients = True
    offers = frozenset({"pos_encoder"})

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
        super().__init__()
        for name, value, least in (
            ("hidden_width", hidden_width, 1),
            ("density_layers", density_layers, 1),
            ("color_layers", color_layers, 1),
            ("geometry_features", geometry_features, 1),
            ("proposal_width", proposal_width, 1),
            ("appearance", appearance, 0),
        ):
            if value < least:
                raise ConfigError(
                    f"NerfactoNetwork: {name} is {value}; it must be at least {least}"
                )
        if not initial_density > 0:
            raise ConfigError(
                f"NerfactoNetwork: initial_density is {initial_density}; it must be above 0"
            )
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._space, self._bounded = make_space(space, aabb), space == "box"
        low, high = np.split(np.asarray(aabb, np.float64), 2)
        self._density_scale = float(initial_density / ((high - low).max() / 2))
        how = {"seed": seed, "precision": precision}
        widths = [pos_encoder.out_dim, *[hidden_width] * density_layers, 1 + geometry_features]
        self.density_mlp = MLP(widths, **how)
        n_seen = geometry_features + (dir_encoder.out_dim if dir_encoder else 0) + appearance
        widths = [n_seen, *[hidden_width] * color_layers, padded(3)]
        self.color_mlp = MLP(widths, 3, stream=1, **how)
        self.proposals = Proposals(encoders, proposals, proposal_width, **how)
        self.appearance = (
            Appearance(n_images, appearance, test_appearance, seed) if appearance else None
        )
        if len(self.proposals):
            self.earlier_rounds = len(self.proposals)
        else:  # all rounds ask the field itself
            self.earlier_provides, self.features_carry_gradients = None, False
        if self.appearance:
            self.protocol = {"appearance": self.appearance.rule}

    def density(self, positions: jt.Var) -> jt.Var:
        """Density of the field at positions [S, 3] in field units: float32 [S]."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and the encoded positions where the encoder can take them back; see ``Network.look``."""
        unit, inside = self._unit(positions)
        features = self.pos_encoder(unit)
        sigmas = self.density_mlp(features, n_out=1, exponential=True).reshape(-1)
        return self._scaled(sigmas, inside), features if self.pos_encoder.known else None

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """Of an earlier round its proposal's density, which is all that there is to say of it."""
        if samples.round >= len(self.proposals):
            return self.look(samples.positions)
        unit, inside = self._unit(samples.positions)
        sigmas = self._scaled(self.proposals(samples.round, unit), inside)
        return sigmas, sigmas.unsqueeze(1)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities, of the last round with colours."""
        if samples.round < len(self.proposals):
            if samples.features is not None:  # known since the samples were placed
                return FieldOutput(sigmas=samples.features.reshape(-1))
            return FieldOutput(sigmas=self.density_of(samples)[0])
        unit, inside = self._unit(samples.positions)
        if samples.features is None:
            features = self.pos_encoder(unit)
        else:
            features = self.pos_encoder.known(unit, samples.features)
        if self.appearance is None:
            mlps = self.density_mlp, self.color_mlp, features, samples, self.dir_encoder
            sigmas, rgbs = density_and_color(*mlps, head_sees_density=False)
        else:
            sigmas, rgbs = self._with_appearance(features, samples)
        return FieldOutput(sigmas=self._scaled(sigmas, inside), rgbs=rgbs)

    def _with_appearance(self, features: jt.Var, samples: RaySamples) -> tuple[jt.Var, jt.Var]:
        rays = samples.rays
        per_ray = [self.appearance(rays)]
        if self.dir_encoder:
            per_ray.insert(0, self.dir_encoder(rays.rays_d))
        extra = gather_rays(jt.concat(per_ray, 1), samples.ray_indices, samples.packed_info)
        return from_geometry(
            self.density_mlp(features), lambda seen: self.color_mlp(seen, extra, 3), True, False
        )

    def _unit(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Where in the unit cube positions are, and of a box 1 for those inside and 0 for the others, float32 [S]."""
        unit = self._space(positions)
        if not self._bounded:
            return unit, None
        held = jt.minimum(jt.maximum(unit, 0.0), 1.0)
        inside = (held == unit).float32().min(1).stop_grad()
        return held.stop_grad() if unit.is_stop_grad() else held, inside

    def _scaled(self, sigmas: jt.Var, inside: jt.Var | None) -> jt.Var:
        sigmas = sigmas * self._density_scale
        return sigmas if inside is None else sigmas * inside

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The field's, "proposals" and, where it is, "appearance"; see ``Network``."""
        parts = {"proposals": trainable(self.proposals.mlps)}
        if self.appearance:
            parts["appearance"] = trainable(self.appearance)
        elsewhere = {id(p) for group in parts.values() for p in group}
        own = [p for p in super().param_groups()[""] if id(p) not in elsewhere]
        return {"": own} | {name: group for name, group in parts.items() if group}
