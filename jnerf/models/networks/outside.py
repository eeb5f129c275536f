"""The background of NeuS: everything outside the unit ball, squeezed into it.

NeRF++ (Zhang et al. 2020, https://arxiv.org/abs/2010.07492, section 4): a point x outside is (x / |x|, 1 / |x|), four
numbers in [-1, 1] that change the less the farther it is away.
"""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.models.networks.activations import softplus
from jnerf.models.networks.nerf import Trunk


class OutsideField(jt.Module):
    """NeRF's MLP on points outside the unit ball.

    Args:
        width: of the layers.
        n_layers: of the trunk.
        skip: the encoded position is appended again behind this many layers.
        seed: of the initial weights.
        precision: in what the MLP's products are rounded.
    """

    def __init__(self, width: int, n_layers: int, skip: int, seed: int, precision: str) -> None:
        super().__init__()
        # 10 and 4 frequencies 2^k, without the pi of NeRF's equation 4, as NeuS's published code has them
        span = (-float(np.pi), float(np.pi))
        self.positions = FrequencyEncoder(10, n_dims=4, input_range=span)
        self.directions = FrequencyEncoder(4, input_range=span)
        sizes = self.positions.out_dim, self.directions.out_dim, width, n_layers, skip
        self.trunk = Trunk(*sizes, seed, 8, precision)

    def execute(self, x: jt.Var, rays_d: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Densities [S] per unit of x, and colours [S, 3].

        Args:
            x: positions, of length above 1, [S, 3].
            rays_d: unit directions, [S, 3].
        """
        length = jt.sqrt((x * x).sum(1, keepdims=True))
        raw = self.trunk.raw(self.positions(jt.concat([x / length, 1 / length], dim=1).stop_grad()))
        color = self.trunk.color(raw[:, 1:], self.directions(rays_d))
        return softplus(raw[:, 0]), jt.sigmoid(color)
