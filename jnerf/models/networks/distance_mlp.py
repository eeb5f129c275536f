"""The MLP of signed distances of NeuS, and its gradient as a network of its own.

Initial weights are those of Atzmon and Lipman 2020 (SAL, https://arxiv.org/abs/1911.10414). The derivative by the input
is written out, layer by layer from the last to the first, in operations that Jittor differentiates: so a loss of the
gradient (Gropp et al. 2020, https://arxiv.org/abs/2002.10099) trains the weights.
"""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.models.networks.normed_layers import NormedLayer


class DistanceMLP(jt.Module):
    """(x, features of x) -> distance and features of the surface, with softplus between layers.

    Args:
        n_features: of the encoded position.
        width: of hidden layers.
        n_layers: hidden layers.
        skip: the input is appended again behind so many layers, both then divided by sqrt(2); None: it is not.
        n_out: outputs behind the distance.
        radius: the MLP starts as the distance from a sphere of this radius.
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
        sharpness: float = 100.0,
        normed: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.skip, self.sharpness = skip, sharpness
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

    def execute(self, x: jt.Var, features: jt.Var) -> tuple[jt.Var, list[jt.Var], list[jt.Var]]:
        """Outputs [S, 1 + n_out], the distance first; and what ``gradient`` needs: weights and slopes of the layers."""
        first = jt.concat([x, features], dim=1)
        h, weights, slopes = first, [], []
        for i in range(len(self.layers)):
            weight = self.layers[i].weight()
            weights.append(weight)
            if i == self.skip:
                h = jt.concat([h, first], dim=1) * (0.5**0.5)
            z = jt.nn.matmul_transpose(h, weight) + self.layers[i].b
            if i + 1 == len(self.layers):
                return z, weights, slopes
            h, slope = self._activated(z)
            slopes.append(slope)
        raise AssertionError("an MLP without layers")

    def gradient(self, weights: list[jt.Var], slopes: list[jt.Var]) -> jt.Var:
        """Derivative of the distance by the input (x, features), [S, 3 + n_features]."""
        n_last = len(weights) - 1
        grad, of_skip = weights[n_last][:1], None
        for i in reversed(range(n_last)):
            grad = jt.matmul(grad * slopes[i], weights[i])
            if i == self.skip:
                grad = grad * (0.5**0.5)
                n_first = weights[0].shape[1]
                n = grad.shape[1] - n_first
                grad, of_skip = grad[:, :n], grad[:, n:]
        return grad if of_skip is None else grad + of_skip

    def _activated(self, z: jt.Var) -> tuple[jt.Var, jt.Var]:
        """softplus(z) and its derivative."""
        beta = self.sharpness
        value = jt.maximum(z, 0.0) + jt.log(1 + jt.exp(-beta * jt.abs(z))) * (1 / beta)
        return value, jt.sigmoid(beta * z)
