"""What every loss is: one weighted scalar of a batch."""

from __future__ import annotations

import jittor as jt

from jnerf.schedules import make_schedule
from jnerf.structures import Batch, RaySamples, RenderOutput


class Loss:
    """Base of losses; subclasses define ``value``.

    Args:
        weight: factor of the loss, a number or a schedule of the step.

    Attributes:
        requires: channels of ``RenderOutput`` that it reads.
    """

    requires: frozenset[str] = frozenset({"colors"})

    def __init__(self, weight: float | dict = 1.0) -> None:
        self._weight = make_schedule(weight)

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """The loss before its weight, a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define value")

    def __call__(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """The weighted loss at a step, a scalar."""
        value = self.value(render, batch, samples)
        weight = self._weight(step)
        return value if weight == 1 else value * weight
