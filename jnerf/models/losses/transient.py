"""The loss of photographs in which something may stand in front of the scene."""

from __future__ import annotations

import jittor as jt

from jnerf.checks.least import at_least
from jnerf.models.losses.base import Loss
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput


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
        betas = render.extras["betas"]
        error = jt.sqr(render.colors - batch.target(render.background))
        rays = samples.ray_mean(error / (2 * betas * betas)) + samples.ray_mean(jt.log(betas))
        return rays + self._density_weight * render.extras["transient_sigmas"].mean()
