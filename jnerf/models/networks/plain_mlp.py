"""One plain MLP with biases: the smallest field there is, for comparison and for teaching."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.models.networks.two_mlps import density_and_color, n_beside
from jnerf.models.per_image.appearance import AppearanceBlock, make_appearance
from jnerf.ops.activate import EXPONENTIAL
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


@NETWORKS.register()
class PlainMLPNetwork(Network):
    """Encoded position -> trunk -> density, and trunk features with the encoded direction -> colour.

    The shape of NeRF's network (Mildenhall et al. 2020, appendix A) at any size, without its skip connection:
    a trunk of ``n_layers`` and one colour layer of half the width; biases everywhere. Density is exp of the
    trunk's first output.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of the trunk.
        n_layers: hidden layers of the trunk.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded: "auto", "fp32", "bf16" or "fp16".
        space: how positions reach the unit cube: "box", the scene's box as it is; "contraction_l2" or
            "contraction_linf", all of space with the box as its middle half.
        n_images: scene fact: training images.
        appearance: learned numbers for each training image, how many or ``Appearance``'s arguments; 0 for none.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = frozenset({"pos_encoder"})

    def __init__(
        self,
        pos_encoder: jt.Module,
        dir_encoder: jt.Module | None,
        aabb: np.ndarray,
        hidden_width: int = 64,
        n_layers: int = 3,
        seed: int = 0,
        precision: str = "auto",
        space: Literal["box", "contraction_l2", "contraction_linf"] = "box",
        n_images: int = 1,
        appearance: AppearanceBlock = 0,
    ) -> None:
        super().__init__()
        at_least("PlainMLPNetwork", hidden_width=(hidden_width, 2), n_layers=(n_layers, 1))
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._space = make_space(space, aabb)
        self.appearance = make_appearance(appearance, n_images, hidden_width, seed, precision)
        n_extra = n_beside(dir_encoder, self.appearance)
        widths = [pos_encoder.out_dim] + [hidden_width] * (n_layers + 1)
        self.trunk = MLP(widths, biased=True, seed=seed, precision=precision)
        color_widths = [hidden_width + n_extra, hidden_width // 2, 3]
        self.color = MLP(color_widths, None, True, seed, stream=1, precision=precision)

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        encoded = self.pos_encoder(self._space(positions))
        return self.trunk(encoded, n_out=1, activation=EXPONENTIAL).reshape(-1)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples."""
        encoded = self.pos_encoder(self._space(samples.positions))
        mlps = self.trunk, self.color, encoded, samples, self.dir_encoder
        sigmas, rgbs = density_and_color(*mlps, appearance=self.appearance)
        return FieldOutput(sigmas=sigmas, rgbs=rgbs)
