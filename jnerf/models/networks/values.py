"""Values of a position: the network of tasks without rays (Müller et al. 2022, https://arxiv.org/abs/2201.05989,
section 5)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from jnerf.checks.least import at_least
from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


@NETWORKS.register()
class ValueNetwork(Network):
    """Encoded position -> MLP -> values, of any number of dimensions; no activation at the end.

    Args:
        pos_encoder: encodes positions in the unit cube.
        aabb: the scene's box, (lows, highs), float32 [2 D].
        channel: of ``FieldOutput``, what the values are: "rgbs", three of them, or another name.
        n_values: how many a position has.
        hidden_width: of all hidden layers.
        n_layers: hidden layers; 0: values are linear in the features.
        biased: whether layers have biases.
        seed: of the initial weights.
        precision: in what the MLP's products are rounded: "auto", "fp32", "bf16" or "fp16". Values are as exact as
            that: bf16 has eight bits.
        space: how positions reach the unit cube: "box", the scene's box as it is; "contraction_l2" or
            "contraction_linf", all of space with the box as its middle half.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = frozenset({"pos_encoder"})

    def __init__(
        self,
        pos_encoder: Encoder,
        aabb: np.ndarray,
        channel: str = "rgbs",
        n_values: int = 3,
        hidden_width: int = 64,
        n_layers: int = 2,
        biased: bool = False,
        seed: int = 0,
        precision: str = "auto",
        space: Literal["box", "contraction_l2", "contraction_linf"] = "box",
    ) -> None:
        super().__init__()
        at_least(
            "ValueNetwork",
            n_values=(n_values, 1),
            hidden_width=(hidden_width, 1),
            n_layers=(n_layers, 0),
        )
        if channel == "rgbs" and n_values != 3:
            raise ConfigError(
                f"ValueNetwork: n_values is {n_values}; of channel 'rgbs' it must be 3"
            )
        self.channel, self.provides = channel, frozenset({channel})
        self.pos_encoder = pos_encoder
        self._space = make_space(space, aabb)
        widths = [pos_encoder.out_dim, *[hidden_width] * n_layers, n_values]
        self.mlp = MLP(widths, biased=biased, seed=seed, precision=precision)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """The values at samples."""
        values = self.mlp(self.pos_encoder(self._space(samples.positions)))
        if self.channel == "rgbs":
            return FieldOutput(rgbs=values)
        return FieldOutput(extras={self.channel: values})
