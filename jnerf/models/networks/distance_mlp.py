"""The MLP of signed distances of NeuS; its derivative by the input comes with it, and losses of both train it.

Initial weights are those of Atzmon and Lipman 2020 (SAL, https://arxiv.org/abs/1911.10414). A loss of the derivative
(Gropp et al. 2020, https://arxiv.org/abs/2002.10099) asks for second derivatives: ``jnerf.ops.distance_mlp`` has them.
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.models.networks.normed_layers import NormedLayer, flat_params
from jnerf.ops.distance_mlp import Distances, distance_mlp


class DistanceMLP(jt.Module):
    """(x, features of x) -> distance and features of the surface, with softplus between layers.

    Args:
        n_features: of the encoded position.
        width: of hidden layers.
        n_layers: hidden layers.
        skip: the input is appended again behind so many layers, both then divided by sqrt(2); None: it is not.
        n_out: outputs behind the distance.
        middle: of the object's ball, field units.
        ball: its radius, field units.
        radius: the MLP starts as the distance from a sphere of this radius, in radii of the ball.
        sharpness: beta of softplus(x) = log(1 + exp(beta x)) / beta.
        normed: weight normalisation.
        seed: of the initial weights.
    """

    def __init__(
        self,
        n_features: int,
        width: int,
        n_layers: int,
        skip: int | None,
        n_out: int,
        radius: float,
        middle: Sequence[float] = (0.0, 0.0, 0.0),
        ball: float = 1.0,
        sharpness: float = 100.0,
        normed: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.skip, self.sharpness = skip, sharpness
        self._middle, self._ball = [float(v) for v in middle], ball
        random = np.random.Generator(np.random.Philox(key=[seed, 4]))
        n_in = 3 + n_features
        layers, last = [], n_in
        for i in range(n_layers):
            n_here = width - n_in if i + 1 == skip else width
            weight = random.normal(0, np.sqrt(2 / n_here), (n_here, last))
            if i == 0 or i == skip:
                weight[:, last - n_features :] = 0  # the encoding has no say in the beginning
            layers.append(NormedLayer(weight, np.zeros(n_here), normed))
            last = width
        weight = random.normal(np.sqrt(np.pi / last), 1e-4, (1 + n_out, last))
        layers.append(NormedLayer(weight, np.full(1 + n_out, -radius), normed))
        self.layers = jt.nn.ModuleList(layers)
        self.widths = [n_in, *(layer.b.shape[0] for layer in layers)]

    def execute(
        self, positions: jt.Var, features: jt.Var, n_out: int | None = None, derived: bool = False
    ) -> Distances:
        """Distances in field units, all that comes out, and the distance's derivative.

        Args:
            positions: field units, [S, 3].
            features: their encoding, [S, C] or grouped [G, S, F].
            n_out: how many outputs are wanted, the distance included; None: all.
            derived: whether the derivative by x, radii of the ball, and by the features is wanted.
        """
        params = flat_params(self.layers)
        return distance_mlp(
            positions, features, params, self.widths, n_out, self.skip, self.sharpness, derived,
            x_first=True, middle=self._middle, scale=1 / self._ball, radius=self._ball,
        )  # fmt: skip
