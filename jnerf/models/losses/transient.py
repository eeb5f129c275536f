"""The loss of photographs in which something may stand in front of the scene."""

from __future__ import annotations

import jittor as jt

from jnerf.checks.least import at_least
from jnerf.models.losses.base import Loss
from jnerf.ops.transients import transient_error
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput, trained


@LOSSES.register()
class TransientLoss(Loss):
    """(c - C)^2 / (2 b^2) + log b + density_weight * mean transient density, b a ray's uncertainty.

    NeRF in the Wild (Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268, equation 13): a pixel that the scene
    cannot explain costs less where the field says so, and saying so costs.

    Args:
        density_weight: of the mean density of what is transient, per field unit.
        weight: factor of the loss, a number or a schedule.

    Raises:
        ConfigError: ``density_weight`` is negative.
    """

    requires = frozenset({"colors", "betas", "transient_sigmas"})

    def __init__(self, density_weight: float = 0.01, weight: Scheduled = 1.0) -> None:
        super().__init__(weight)
        at_least("TransientLoss", density_weight=(density_weight, 0))
        self._density_weight = float(density_weight)

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays and channels, and over samples."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        background, betas = render.background, render.extras["betas"]
        truth = batch.rgba
        if trained(truth) or (background is not None and trained(background)):
            truth, background = batch.target(background), None
        error = transient_error(render.colors, truth, background, betas, weight)
        densities = render.extras["transient_sigmas"]
        share = weight * self._density_weight / max(densities.numel(), 1)
        return weighted_sum([error, densities], [1.0, share])
