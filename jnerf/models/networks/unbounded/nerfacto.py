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
from jnerf.models.networks.two_mlps import density_and_color, n_beside, of_images
from jnerf.models.networks.unbounded.proposed import ProposedNetwork
from jnerf.models.per_image.appearance import AppearanceBlock, make_appearance
from jnerf.models.per_image.channels import CHANNELS, OPTIONAL
from jnerf.models.per_image.transient import TransientBlock, Transients
from jnerf.registry import NETWORKS
from jnerf.structures import RaySamples


@NETWORKS.register()
class NerfactoNetwork(ProposedNetwork):
    """A density and a colour as of Instant-NGP in contracted space, and a small density for each earlier round.

    A density is ``initial_density`` exp(x) per unit, a unit being half the box's longest edge: what a contraction
    leaves as it is. The colour sees geometry features, the encoded direction and, with ``appearance``, numbers that are
    learned for each training image. No biases.

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
        appearance: learned numbers for each training image, how many or ``Appearance``'s arguments; 0 for none.
        transient: ``Transients``'s arguments: what stands in front of the scene in each training image has a density
            and a colour of its own, which ``TransientRenderer`` renders; None: nothing does.
        space: how positions reach the unit cube: "contraction_linf", "contraction_l2", or "box", outside of which
            nothing is.
        seed: of the initial weights.
        precision: see ``NGPNetwork``.

    Raises:
        ConfigError: a value is out of its range, or an encoder is missing.
    """

    optional = OPTIONAL

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
        appearance: AppearanceBlock = 0,
        transient: TransientBlock = None,
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
        )
        where = aabb, proposals, proposal_width, initial_density, space
        super().__init__(pos_encoder, encoders, *where, seed, precision)
        self.dir_encoder = dir_encoder
        how = {"seed": seed, "precision": precision}
        widths = [pos_encoder.out_dim, *[hidden_width] * density_layers, 1 + geometry_features]
        self.density_mlp = MLP(widths, **how)
        self.appearance = make_appearance(appearance, n_images, geometry_features, **how)
        n_seen = geometry_features + n_beside(dir_encoder, self.appearance)
        widths = [n_seen, *[hidden_width] * color_layers, padded(3)]
        self.color_mlp = MLP(widths, 3, stream=1, **how)
        if transient is not None:
            given = {"n_images": n_images, "n_seen": geometry_features, **how}
            given["scale"] = self._density.scale / initial_density
            self.transients = Transients(**(given | transient))
            self.provides = self.provides | set(CHANNELS)

    def field_density(self, features: jt.Var) -> jt.Var:
        """See ``ProposedNetwork``."""
        return self.density_mlp(features, n_out=1, activation=self._density).reshape(-1)

    def field(self, features: jt.Var, samples: RaySamples) -> tuple:
        """See ``ProposedNetwork``."""
        mlps = self.density_mlp, self.color_mlp, features, samples, self.dir_encoder
        if self.transients is not None:
            return of_images(*mlps, self.appearance, self.transients, self._density, False)
        how = {"head_sees_density": False, "appearance": self.appearance}
        return density_and_color(*mlps, self._density, **how)
