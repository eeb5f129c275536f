"""The network of Instant-NGP (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.4)."""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.models.networks.two_mlps import density_and_color, n_beside
from jnerf.models.per_image.appearance import AppearanceBlock, make_appearance
from jnerf.ops.activate import Activation
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


def padded(width: int) -> int:
    """Width rounded up to 16, as the method's matrix units want it."""
    return (width + 15) // 16 * 16


@NETWORKS.register()
class NGPNetwork(Network):
    """Two small MLPs: encoded position -> density and geometry features -> colour, given the direction.

    Density is exp of the first geometry feature; colour is the logistic of the second MLP, whose input is all
    geometry features and the encoded direction. No biases.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of all hidden layers.
        density_layers: hidden layers of the density MLP.
        color_layers: hidden layers of the colour MLP.
        geometry_features: outputs of the density MLP; the first is the density's logarithm.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded: "auto" (what the device multiplies fastest), "fp32",
            "bf16" or "fp16".
        space: how positions reach the unit cube: "box", the scene's box as it is; "contraction_l2" or
            "contraction_linf", all of space with the box as its middle half.
        n_images: scene fact: training images.
        appearance: learned numbers for each training image, how many or ``Appearance``'s arguments; 0 for none.
        initial_density: factor of all densities, and so about what they are to begin with, per field unit. The method
            has 1, which in a box of many units is fog.

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
        density_layers: int = 1,
        color_layers: int = 2,
        geometry_features: int = 16,
        seed: int = 0,
        precision: str = "auto",
        space: Literal["box", "contraction_l2", "contraction_linf"] = "box",
        n_images: int = 1,
        appearance: AppearanceBlock = 0,
        initial_density: float = 1.0,
    ) -> None:
        super().__init__()
        sizes = {
            "hidden_width": hidden_width,
            "density_layers": density_layers,
            "color_layers": color_layers,
            "geometry_features": geometry_features,
        }
        for name, value in sizes.items():
            if value < 1:
                raise ConfigError(f"NGPNetwork: {name} is {value}; it must be at least 1")
        if not initial_density > 0:
            raise ConfigError(
                f"NGPNetwork: initial_density is {initial_density}; it must be above 0"
            )
        self._density = Activation("exp", scale=float(initial_density))
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._space = make_space(space, aabb)
        self.appearance = make_appearance(appearance, n_images, geometry_features, seed, precision)
        n_extra = n_beside(dir_encoder, self.appearance)
        hidden = [hidden_width] * density_layers
        density_widths = [pos_encoder.out_dim, *hidden, geometry_features]
        self.density_mlp = MLP(density_widths, seed=seed, precision=precision)
        hidden = [hidden_width] * color_layers
        color_widths = [geometry_features + n_extra, *hidden, padded(3)]
        self.color_mlp = MLP(color_widths, 3, seed=seed, stream=1, precision=precision)

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and the encoded positions where the encoder can take them back; see ``Network.look``."""
        features = self.pos_encoder(self._space(positions))
        sigmas = self.density_mlp(features, n_out=1, activation=self._density).reshape(-1)
        return sigmas, features if self.pos_encoder.known else None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples."""
        positions = self._space(samples.positions)
        if samples.features is None:
            features = self.pos_encoder(positions)
        else:
            features = self.pos_encoder.known(positions, samples.features)
        mlps = self.density_mlp, self.color_mlp, features, samples, self.dir_encoder
        sigmas, rgbs = density_and_color(*mlps, self._density, appearance=self.appearance)
        return FieldOutput(sigmas=sigmas, rgbs=rgbs)
