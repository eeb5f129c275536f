"""The network of Zip-NeRF (Barron et al. 2023, https://arxiv.org/abs/2304.06706): hash grids that see how wide a sample
is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.activations import padded_colors
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.two_mlps import density_and_color, n_beside, of_images
from jnerf.models.networks.unbounded.proposed import ProposedNetwork
from jnerf.models.per_image.appearance import AppearanceBlock, make_appearance
from jnerf.registry import NETWORKS
from jnerf.structures import RaySamples


@NETWORKS.register()
class ZipNeRFNetwork(ProposedNetwork):
    """A density, and a colour from a larger MLP, in contracted space, and a small density for each earlier round.

    With ``MultisampleHashEncoder`` all of them see pieces of pixels' cones. A density is exp(x - 1) per half of the
    box's longest edge: per unit of what a contraction leaves as it is. The colour sees a linear bottleneck and the
    encoded direction.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        encoders: of the config, by name.
        aabb: the scene's box, float32 [6].
        proposals: names of the encoders of the proposals, for as many earlier rounds of the sampler; [] for samplers
            with one round, or where all rounds ask the field itself.
        hidden_width: of the density's one hidden layer.
        bottleneck: numbers that the colour sees of a position.
        color_width: of the colour's hidden layers.
        color_layers: hidden layers of the colour.
        skip: the colour's layer, counted from 0, that takes its input again; 3 hidden ones have the output as the
            third. None: none.
        biased: whether layers, also the proposals', have biases, and start as He et al. have it.
        proposal_width: of the hidden layer of a proposal; 0 for none.
        initial_density: factor of all densities; None: 1 / e, which is exp(x - 1).
        rgb_padding: colours reach so far beyond [0, 1], so that black and white need no infinite input.
        space: how positions reach the unit cube: "contraction_l2", "contraction_linf", or "box", outside of which
            nothing is.
        seed: of the initial weights.
        precision: see ``NGPNetwork``.
        n_images: scene fact: training images.
        appearance: learned numbers for each training image, how many or ``Appearance``'s arguments; 0 for none.

    Raises:
        ConfigError: a value is out of its range, or an encoder is missing.
    """

    def __init__(
        self,
        pos_encoder: Encoder,
        dir_encoder: Encoder | None,
        encoders: Mapping[str, Encoder],
        aabb: np.ndarray,
        proposals: Sequence[str] = ("proposal_0", "proposal_1"),
        hidden_width: int = 64,
        bottleneck: int = 256,
        color_width: int = 256,
        color_layers: int = 3,
        skip: int | None = 3,
        biased: bool = True,
        proposal_width: int = 64,
        initial_density: float | None = None,
        rgb_padding: float = 0.001,
        space: Literal["box", "contraction_l2", "contraction_linf"] = "contraction_l2",
        seed: int = 0,
        precision: str = "auto",
        n_images: int = 1,
        appearance: AppearanceBlock = 0,
    ) -> None:
        at_least(
            "ZipNeRFNetwork",
            hidden_width=(hidden_width, 1),
            bottleneck=(bottleneck, 1),
            color_width=(color_width, 1),
            color_layers=(color_layers, 1),
            proposal_width=(proposal_width, 0),
            rgb_padding=(rgb_padding, 0),
        )
        if skip is not None and not 1 <= skip <= color_layers:
            raise ConfigError(
                f"ZipNeRFNetwork: skip is {skip}; it must be None or in 1 .. color_layers = {color_layers}"
            )
        density = exp(-1) if initial_density is None else initial_density
        where = aabb, proposals, proposal_width, density, space
        super().__init__(pos_encoder, encoders, *where, seed, precision, biased)
        self.dir_encoder, self._padding = dir_encoder, float(rgb_padding)
        how = {"biased": biased, "he": biased, "seed": seed, "precision": precision}
        # density first, then the bottleneck, which has no activation
        n_out = 1 + bottleneck if biased else padded(1 + bottleneck)
        self.density_mlp = MLP([pos_encoder.out_dim, hidden_width, n_out], **how)
        self.appearance = make_appearance(appearance, n_images, n_out - 1, seed, precision)
        n_seen = n_out - 1 + n_beside(dir_encoder, self.appearance)
        widths = [n_seen, *[color_width] * color_layers, 3 if biased or skip else padded(3)]
        self.color_mlp = MLP(widths, 3, stream=1, skip=skip, **how)

    def field_density(self, features: jt.Var) -> jt.Var:
        """See ``ProposedNetwork``."""
        return self.density_mlp(features, n_out=1, activation=self._density).reshape(-1)

    def field(self, features: jt.Var, samples: RaySamples) -> tuple[jt.Var, jt.Var]:
        """See ``ProposedNetwork``."""
        mlps = self.density_mlp, self.color_mlp, features, samples, self.dir_encoder
        if self.color_mlp.skip is None:
            how = {"head_sees_density": False, "appearance": self.appearance}
            sigmas, rgbs = density_and_color(*mlps, self._density, **how)
        else:  # which the fused kernel's colour has not
            sigmas, rgbs, _ = of_images(*mlps, self.appearance, None, self._density, False)
        return sigmas, padded_colors(rgbs, self._padding)
