"""The decoder of EG3D (Chan et al. 2022, https://arxiv.org/abs/2112.07945), for one scene and without its generator."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.activations import softplus
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.ops.activate import activate
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_BEYOND = 0.001  # colours reach so far beyond 0 and 1, so that these can be met


@NETWORKS.register()
class EG3DNetwork(Network):
    """One hidden layer of softplus; colours do not depend on the direction.

    sigma = ``density_scale`` softplus(x - 1) per field unit, rgb = 1.002 logistic(y) - 0.001; layers have biases. Where
    EG3D hands 32 channels to a network that enlarges pictures, here are three colours.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        aabb: the scene's box, float32 [6].
        hidden_width: of the hidden layer.
        density_scale: factor of densities; 1 as published, for boxes of edge 1. Surfaces that are a hundred times
            thinner than the box want a hundred times as much.
        seed: of the initial weights.
        precision: see ``NGPNetwork``.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = frozenset({"pos_encoder"})

    def __init__(
        self,
        pos_encoder: Encoder,
        aabb: np.ndarray,
        hidden_width: int = 64,
        density_scale: float = 1.0,
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        if hidden_width < 1 or not density_scale > 0:
            raise ConfigError(
                f"EG3DNetwork: hidden_width is {hidden_width} and density_scale {density_scale}; they must be at least "
                "1, and above 0"
            )
        self.pos_encoder, self._scale = pos_encoder, float(density_scale)
        self._space = make_space("box", aabb)
        how = {"biased": True, "seed": seed, "precision": precision}
        self.hidden = MLP([pos_encoder.out_dim, hidden_width], **how)
        self.last = MLP([hidden_width, 4], stream=1, **how)

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and the encoded positions where the encoder can take them back; see ``Network.look``."""
        features = self.pos_encoder(self._space(positions))
        density = self._density(self._decoded(features, 1))
        return density, features if self.pos_encoder.known else None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples."""
        unit = self._space(samples.positions)
        if samples.features is None:
            features = self.pos_encoder(unit)
        else:
            features = self.pos_encoder.known(unit, samples.features)
        decoded = self._decoded(features, 4)
        rgbs = jt.sigmoid(decoded[:, 1:]) * (1 + 2 * _BEYOND) - _BEYOND
        return FieldOutput(sigmas=self._density(decoded), rgbs=rgbs)

    def _decoded(self, features: jt.Var, n_out: int) -> jt.Var:
        """The first outputs, [S, n_out], of encoded positions: density, then colours."""
        return self.last(softplus(self.hidden(features)), n_out=n_out)

    def _density(self, decoded: jt.Var) -> jt.Var:
        return activate(decoded[:, 0], "softplus", bias=-1.0, scale=self._scale)
