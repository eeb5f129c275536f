"""Signed distance of a position: the network of meshes (Müller et al. 2022, https://arxiv.org/abs/2201.05989,
section 5.2)."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder, as_rows
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.models.networks.differences import difference_gradient
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import Box
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


@NETWORKS.register()
class DistanceNetwork(Network):
    """Encoded position -> MLP -> distance, positive outside, field units; no density and no colour.

    Args:
        pos_encoder: encodes positions in the unit cube.
        aabb: the scene's box, (lows, highs), float32 [6].
        hidden_width: of all hidden layers.
        n_layers: hidden layers; 0: the distance is linear in the features.
        biased: whether layers have biases.
        with_position: hand the position itself to the MLP too, in front of its features.
        normal_step: half the length over which differences give the gradient, field units.
        seed: of the initial weights.
        precision: in what the MLP's products are rounded: "auto", "fp32", "bf16" or "fp16". Distances are as exact as
            that: bf16 has eight bits, which is too coarse for a surface.

    Raises:
        ConfigError: a value is out of its range.
    """

    provides = frozenset({"sdf"})
    offers = frozenset({"pos_encoder", "gradient"})

    def __init__(
        self,
        pos_encoder: Encoder,
        aabb: np.ndarray,
        hidden_width: int = 64,
        n_layers: int = 2,
        biased: bool = False,
        with_position: bool = False,
        normal_step: float = 5e-4,
        seed: int = 0,
        precision: str = "fp32",
    ) -> None:
        super().__init__()
        at_least("DistanceNetwork", hidden_width=(hidden_width, 1), n_layers=(n_layers, 0))
        if not normal_step > 0:
            raise ConfigError(
                f"DistanceNetwork: normal_step is {normal_step}; it must be above 0, field units"
            )
        self.pos_encoder = pos_encoder
        self._box, self._normal_step, self._with_position = Box(aabb), normal_step, with_position
        n_in = pos_encoder.out_dim + 3 * with_position
        widths = [n_in, *[hidden_width] * n_layers, 1]
        self.mlp = MLP(widths, biased=biased, seed=seed, precision=precision)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """The distances of samples."""
        return FieldOutput(extras={"sdf": self._distance(samples.positions)})

    def sdf(self, positions: jt.Var) -> jt.Var:
        """See ``Network``."""
        return self._distance(positions).reshape(-1)

    def gradient(self, positions: jt.Var) -> jt.Var:
        """See ``Network``; by central differences."""
        return difference_gradient(self.sdf, positions, self._normal_step, 6)

    def _distance(self, positions: jt.Var) -> jt.Var:
        unit = self._box(positions)
        features = self.pos_encoder(unit)
        if self._with_position:
            features = jt.concat([unit, as_rows(features)], dim=1)
        return self.mlp(features)
