"""Dense layers with weight normalisation (Salimans and Kingma 2016, https://arxiv.org/abs/1602.07868)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import jittor as jt
import numpy as np

from jnerf.ops.mlp import mlp
from jnerf.ops.normed_weights import normed_weights


class NormedLayer(jt.Module):
    """A dense layer y = W x + b whose rows are w = g v / |v|.

    Args:
        weight: initial W, [out, in]; g is the length of its rows.
        bias: initial b, [out].
        normed: False: W itself is trained.
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray, normed: bool = True) -> None:
        super().__init__()
        self.v = jt.array(weight.astype(np.float32))
        self.b = jt.array(bias.astype(np.float32))
        lengths = np.linalg.norm(weight, axis=1, keepdims=True).astype(np.float32)
        self.g = jt.array(lengths) if normed else None


def flat_params(layers: Iterable[NormedLayer]) -> jt.Var:
    """Parameters of an MLP of such layers as ``jnerf.ops.mlp`` has them, float32 [n_params]; differentiable."""
    return normed_weights([(layer.v, layer.g, layer.b) for layer in layers])


class NormedMLP(jt.Module):
    """A multilayer perceptron of such layers with ReLU between them, computed by ``jnerf.ops.mlp``.

    Args:
        widths: input width, then the width of each layer.
        normed: weight normalisation; else plain layers.
        seed: weights start uniform, +-1 / sqrt(in), and so do biases.
        stream: distinguishes the MLPs of one network that share a seed.
        precision: in what products are rounded, see ``jnerf.ops.mlp``.
    """

    def __init__(
        self, widths: Sequence[int], normed: bool, seed: int, stream: int, precision: str
    ) -> None:
        super().__init__()
        self.widths, self.precision = tuple(widths), precision
        random = np.random.Generator(np.random.Philox(key=[seed, 1 + stream]))
        layers = []
        for n_in, n_out in zip(self.widths[:-1], self.widths[1:], strict=True):
            weight, bias = (
                random.uniform(-1, 1, s) / np.sqrt(n_in) for s in ((n_out, n_in), n_out)
            )
            layers.append(NormedLayer(weight, bias, normed))
        self.layers = jt.nn.ModuleList(layers)

    def execute(self, x: jt.Var) -> jt.Var:
        """[S, C] -> outputs [S, widths[-1]]."""
        params = flat_params(self.layers)
        return mlp(x, params, self.widths, biased=True, precision=self.precision)
