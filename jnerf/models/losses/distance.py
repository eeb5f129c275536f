"""Losses between distances and true ones: absolute, squared, and relative to the true one (Müller et al. 2022,
https://arxiv.org/abs/2201.05989, section 5.2)."""

from __future__ import annotations

from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.relative_error import relative_error
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput


class DistanceLoss(Loss):
    """What they share: a mean over points, and over columns where a field gives several distances.

    Args:
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Attributes:
        kind: of ``jnerf.ops.relative_error``.
        epsilon: of "of_truth".
    """

    requires = frozenset({"sdf", "distances"})
    kind: Literal["l1", "l2", "of_truth"]
    epsilon: float = 0.0

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """See ``Loss``."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        given = render.extras["sdf"], batch.extras["distances"]
        return relative_error(*given, self.kind, self.epsilon, weight)


@LOSSES.register()
class DistanceL1Loss(DistanceLoss):
    """Mean of |p - d|."""

    kind = "l1"


@LOSSES.register()
class DistanceL2Loss(DistanceLoss):
    """Mean of (p - d)^2."""

    kind = "l2"


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

    kind = "of_truth"

    def __init__(
        self, epsilon: float = 0.01, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not epsilon > 0:
            raise ConfigError(f"MAPELoss: epsilon is {epsilon}; it must be above 0")
        self.epsilon = epsilon
