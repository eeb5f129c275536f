"""Losses that keep empty space empty."""

from __future__ import annotations

import jittor as jt

from jnerf.models.losses.base import Loss
from jnerf.registry import LOSSES
from jnerf.structures import Batch, RaySamples, RenderOutput

_TINY = 1e-10


@LOSSES.register()
class EntropyLoss(Loss):
    """Entropy of where each ray ends: at one of its samples, or behind all of them.

    -sum_i w_i log w_i - (1 - sum_i w_i) log(1 - sum_i w_i), which is least for a ray that ends in one place; the
    sparsity loss of HashNeRF-pytorch (Bhalgat 2022), which weighs it with 1e-10.
    """

    requires = frozenset({"weights", "opacities"})
    takes_padding = True

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays."""
        n_rays = render.opacities.shape[0]
        rest = jt.maximum(1 - render.opacities, 0.0)
        total = _entropy(render.weights).sum() + _entropy(rest).sum()
        return total / (max(n_rays, 1) if samples.live is None else samples.live.sum())


def _entropy(p: jt.Var) -> jt.Var:
    return -p * jt.log(p + _TINY)
