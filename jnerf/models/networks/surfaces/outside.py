"""The background of NeuS: everything outside the unit ball, squeezed into it.

NeRF++ (Zhang et al. 2020, https://arxiv.org/abs/2010.07492, section 4): a point x outside is (x / |x|, 1 / |x|), four
numbers in [-1, 1] that change the less the farther it is away.
"""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.models.networks.nerf import Trunk
from jnerf.models.networks.two_mlps import fused
from jnerf.ops.activate import Activation
from jnerf.ops.frequency_encode import frequency_encode

# Of positions and directions: 2^k, without the pi of NeRF's equation 4, as NeuS's published code has them.
_FREQUENCIES = 10, 4
_DENSITY = Activation("softplus")


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
        encoded = [d * (2 * n + 1) for d, n in zip((4, 3), _FREQUENCIES, strict=True)]
        self.trunk = Trunk(*encoded, width, n_layers, skip, _DENSITY, seed, 8, precision)

    def execute(self, x: jt.Var, rays_d: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Densities [S] per unit of x, and colours [S, 3].

        Args:
            x: positions, of length above 1, [S, 3].
            rays_d: unit directions, [S, 3].
        """
        encoded = [_waves(v, n) for v, n in zip((_squeezed(x), rays_d), _FREQUENCIES, strict=True)]
        own = jt.arange(x.shape[0])  # each sample has a direction of its own
        return fused(self.trunk.trunk, self.trunk.color, *encoded, own, _DENSITY, False)

    def density(self, x: jt.Var) -> jt.Var:
        """Densities [S] per unit of x alone, which no direction changes.

        Args:
            x: positions, of length above 1, [S, 3].
        """
        return self.trunk.density(_waves(_squeezed(x), _FREQUENCIES[0]))


def _squeezed(x: jt.Var) -> jt.Var:
    """x / |x| and 1 / |x|: [S, 3] -> [S, 4]."""
    length = jt.sqrt((x * x).sum(1, keepdims=True))
    return jt.concat([x / length, 1 / length], dim=1)


def _waves(x: jt.Var, n: int) -> jt.Var:
    """x / pi, and sin and cos of 2^k x for k < n: [S, D] -> [S, D (2 n + 1)]."""
    frequencies = jt.array((2.0 ** np.arange(n)).astype(np.float32))
    # the op's waves have a factor of pi
    return frequency_encode(x.stop_grad(), frequencies, True, float(1 / np.pi), 0.0).stop_grad()
