"""The loss that makes a field a distance: its gradient has length 1 (Gropp et al. 2020, IGR)."""

from __future__ import annotations

import jittor as jt

from jnerf.models.losses.base import Loss
from jnerf.registry import LOSSES
from jnerf.structures import Batch, RaySamples, RenderOutput

_NO_SAMPLE = 1e-5  # in batches where no sample lies inside


@LOSSES.register()
class EikonalLoss(Loss):
    """(|gradient| - 1)^2 at the samples where the field is a distance.

    https://arxiv.org/abs/2002.10099, equation 3; NeuS (https://arxiv.org/abs/2106.10689) weighs it with 0.1.
    """

    requires = frozenset({"gradients", "inside"})

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over samples."""
        gradients, inside = render.extras["gradients"], render.extras["inside"].reshape(-1)
        # the root of 0 has no derivative
        lengths = jt.sqrt((gradients * gradients).sum(1) + 1e-12)
        return (jt.sqr(lengths - 1) * inside).sum() / (inside.sum() + _NO_SAMPLE)
