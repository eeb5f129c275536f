"""Dense layers as one flat parameter, computed by ``jnerf.ops.mlp``."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.ops.activate import LINEAR, Activation
from jnerf.ops.mlp import layer_inputs, mlp
from jnerf.ops.mlp.precision import PRECISIONS


class MLP(jt.Module):
    """A multilayer perceptron, ReLU between layers, linear at the end.

    Args:
        widths: input width, then the width of each layer.
        n_out: outputs that are used, at most ``widths[-1]``; None for all.
        biased: whether layers have biases (they start at 0).
        seed: weights start uniform in +-sqrt(6 / (in + out)) (Xavier), from this seed.
        stream: distinguishes the MLPs of one network that share a seed.
        precision: in what products are rounded: "auto", "fp32", "bf16" or "fp16".
        skip: the layer, counted from 0, that takes the network's input again; None for none.
        he: weights start in +-sqrt(6 / in) instead (He et al. 2015, https://arxiv.org/abs/1502.01852).

    Raises:
        ConfigError: the precision is unknown.
    """

    def __init__(
        self,
        widths: Sequence[int],
        n_out: int | None = None,
        biased: bool = False,
        seed: int = 0,
        stream: int = 0,
        precision: str = "auto",
        skip: int | None = None,
        he: bool = False,
    ) -> None:
        super().__init__()
        if precision not in PRECISIONS:
            raise ConfigError(f"precision is {precision!r}; choose one of {', '.join(PRECISIONS)}")
        self.precision, self.skip = precision, skip
        self.widths, self.biased = tuple(widths), biased
        self.n_out = self.widths[-1] if n_out is None else n_out
        random = np.random.Generator(np.random.Philox(key=[seed, 1 + stream]))
        parts = []
        for n_in, n_layer in zip(layer_inputs(self.widths, skip), self.widths[1:], strict=True):
            bound = np.sqrt(6 / (n_in if he else n_in + n_layer))
            parts.append(random.uniform(-bound, bound, n_in * n_layer))
            parts.append(np.zeros(n_layer if biased else 0))
        self.params = jt.array(np.concatenate(parts).astype(np.float32))

    def execute(
        self,
        x: jt.Var,
        extra: jt.Var | None = None,
        n_out: int | None = None,
        activation: Activation = LINEAR,
    ) -> jt.Var:
        """[S, C] or grouped [G, S, F], and ``extra`` [S, E] appended to it -> the first ``n_out`` outputs (all),
        activated.
        """
        n_out = n_out or self.n_out
        how = self.biased, self.precision, self.skip, activation
        return mlp(x, self.params, self.widths, n_out, extra, *how)
