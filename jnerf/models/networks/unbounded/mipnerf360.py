"""The network of mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077): a large MLP, asked seldom."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.activations import padded_colors
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.models.networks.space.pieces import encoded_samples
from jnerf.models.networks.two_mlps import density_and_color, n_beside
from jnerf.models.per_image.appearance import AppearanceBlock, make_appearance
from jnerf.ops.activate import Activation
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_PROPOSAL_STREAM = 8  # of the initial weights


@NETWORKS.register()
class MipNeRF360Network(Network):
    """A density and a colour from one large MLP, and a density from a small one, the proposal, for all earlier rounds.

    With an ``IntegratedEncoder`` both see pieces of pixels' cones in contracted space. A density is softplus(x +
    ``density_bias``) per half of the box's longest edge: per unit of what a contraction leaves as it is. The colour
    comes from a linear bottleneck and the encoded direction. All layers have biases, and start as He et al. have it.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of the large MLP.
        n_layers: of it.
        skip: the encoded position is appended again behind this many layers; None: it is not.
        bottleneck: numbers that the colour sees of a position.
        color_width: of the one hidden layer of the colour.
        proposals: earlier rounds of the sampler, which all ask the small MLP; 0: there is none, for samplers with one
            round, or where all rounds ask the large one.
        proposal_width: of the small MLP.
        proposal_layers: of it.
        density_bias: added before the activation.
        density_scale: factor of all densities.
        rgb_padding: colours reach so far beyond [0, 1], so that black and white need no infinite input.
        space: how positions reach the unit cube: "contraction_l2", "contraction_linf", or "box", which has no end here.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded: "auto", "fp32", "bf16" or "fp16".
        n_images: scene fact: training images.
        appearance: learned numbers for each training image, how many or ``Appearance``'s arguments; 0 for none.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = frozenset({"pos_encoder"})
    earlier_provides = frozenset({"sigmas"})

    def __init__(
        self,
        pos_encoder: Encoder,
        dir_encoder: Encoder | None,
        aabb: np.ndarray,
        hidden_width: int = 1024,
        n_layers: int = 8,
        skip: int | None = 5,
        bottleneck: int = 256,
        color_width: int = 128,
        proposals: int = 2,
        proposal_width: int = 256,
        proposal_layers: int = 4,
        density_bias: float = -1.0,
        density_scale: float = 1.0,
        rgb_padding: float = 0.001,
        space: Literal["box", "contraction_l2", "contraction_linf"] = "contraction_l2",
        seed: int = 0,
        precision: str = "auto",
        n_images: int = 1,
        appearance: AppearanceBlock = 0,
    ) -> None:
        super().__init__()
        at_least(
            "MipNeRF360Network",
            hidden_width=(hidden_width, 1),
            n_layers=(n_layers, 1),
            bottleneck=(bottleneck, 1),
            color_width=(color_width, 1),
            proposals=(proposals, 0),
            proposal_width=(proposal_width, 1),
            proposal_layers=(proposal_layers, 1),
        )
        if skip is not None and not 1 <= skip < n_layers:
            raise ConfigError(
                f"MipNeRF360Network: skip is {skip}; it must be None or in 1 .. n_layers - 1 = {n_layers - 1}"
            )
        if not density_scale > 0 or not rgb_padding >= 0:
            raise ConfigError(
                f"MipNeRF360Network: density_scale is {density_scale} and rgb_padding {rgb_padding}; the one must be "
                "above 0, the other at least 0"
            )
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._space = make_space(space, aabb)
        low, high = np.split(np.asarray(aabb, np.float64), 2)
        scale = float(density_scale / ((high - low).max() / 2))
        self._density = Activation("softplus", float(density_bias), scale)
        self._padding = float(rgb_padding)
        how = {"biased": True, "he": True, "seed": seed, "precision": precision}
        self.appearance = make_appearance(appearance, n_images, bottleneck, seed, precision)
        n_pos, n_extra = pos_encoder.out_dim, n_beside(dir_encoder, self.appearance)
        # density first, then the bottleneck, which has no activation
        self.trunk = MLP([n_pos, *[hidden_width] * n_layers, 1 + bottleneck], skip=skip, **how)
        self.color_mlp = MLP([bottleneck + n_extra, color_width, 3], stream=1, **how)
        self._proposals, self.proposal = proposals, None
        if proposals:
            self.earlier_rounds = proposals
            widths = [n_pos, *[proposal_width] * proposal_layers, 1]
            self.proposal = MLP(widths, stream=_PROPOSAL_STREAM, **how)
        else:
            self.earlier_provides = None

    def density(self, positions: jt.Var) -> jt.Var:
        """Density of the large MLP at positions [S, 3], which are pieces without width: float32 [S]."""
        return self._density_at(self.trunk, self.pos_encoder(self._space(positions)))

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """Of an earlier round the proposal's density, which is all that there is to say of it."""
        encoded = encoded_samples(samples, self.pos_encoder, self._space)
        mlp = self.trunk if samples.round >= self._proposals else self.proposal
        return self._density_at(mlp, encoded), None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities, of the last round with colours."""
        if samples.round < self._proposals:
            return FieldOutput(sigmas=self.density_of(samples)[0])
        encoded = encoded_samples(samples, self.pos_encoder, self._space)
        how = {"head_sees_density": False, "appearance": self.appearance}
        mlps = self.trunk, self.color_mlp, encoded, samples, self.dir_encoder
        sigmas, rgbs = density_and_color(*mlps, self._density, **how)
        rgbs = padded_colors(rgbs, self._padding)
        return FieldOutput(sigmas=sigmas, rgbs=rgbs)

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The field's, and "proposals"; see ``Network``."""
        return self._apart({"proposals": self.proposal} if self.proposal else {})

    def _density_at(self, mlp: MLP, encoded: jt.Var) -> jt.Var:
        return mlp(encoded, n_out=1, activation=self._density).reshape(-1)
