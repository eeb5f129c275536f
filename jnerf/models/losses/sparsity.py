"""Losses that keep empty space empty."""

from __future__ import annotations

import jittor as jt

from jnerf.models.losses.base import Loss
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES
from jnerf.structures import Batch, RaySamples, RenderOutput


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
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        share = weight / max(render.opacities.shape[0], 1)
        kinds = "entropy", "rest_entropy"
        ends = [render.weights, render.opacities]
        return weighted_sum(ends, [share, share], samples.live, kinds)
