"""Losses between distances and true ones: absolute, squared, and relative to the true one (Müller et al. 2022,
https://arxiv.org/abs/2201.05989, section 5.2)."""

from __future__ import annotations

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput


class DistanceLoss(Loss):
    """What they share: a mean over points, and over columns where a field gives several distances.

    Args:
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    requires = frozenset({"sdf", "distances"})

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """See ``Loss``."""
        return samples.ray_mean(self._error(render.extras["sdf"], batch.extras["distances"]))

    def _error(self, found: jt.Var, truth: jt.Var) -> jt.Var:
        """Of each distance [R, C]; the truth is [R, 1]."""
        raise NotImplementedError(f"{type(self).__name__} does not define _error(found, truth)")


@LOSSES.register()
class DistanceL1Loss(DistanceLoss):
    """Mean of |p - d|."""

    def _error(self, found: jt.Var, truth: jt.Var) -> jt.Var:
        return jt.abs(found - truth)


@LOSSES.register()
class DistanceL2Loss(DistanceLoss):
    """Mean of (p - d)^2."""

    def _error(self, found: jt.Var, truth: jt.Var) -> jt.Var:
        return jt.sqr(found - truth)


@LOSSES.register()
class MAPELoss(DistanceLoss):
    """Mean of |p - d| / (|d| + epsilon): what lies near the surface counts most.

    Args:
        epsilon: keeps points on the surface from counting without end, field units.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: epsilon is not above 0.
    """

    def __init__(
        self, epsilon: float = 0.01, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not epsilon > 0:
            raise ConfigError(f"MAPELoss: epsilon is {epsilon}; it must be above 0")
        self._epsilon = epsilon

    def _error(self, found: jt.Var, truth: jt.Var) -> jt.Var:
        return jt.abs(found - truth) / (jt.abs(truth) + self._epsilon)
