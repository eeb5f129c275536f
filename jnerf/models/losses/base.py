"""What every loss is: one weighted scalar of a batch."""

from __future__ import annotations

from typing import Any

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import Batch, RaySamples, RenderOutput


class Loss:
    """Base of losses; subclasses define ``value``.

    Args:
        weight: factor of the loss, a number or a schedule of the step.
        round: of samplers with several rounds, the earlier one (from 0) that the loss is of; None: the last.

    Attributes:
        requires: channels of ``RenderOutput`` that it reads.
        takes_padding: whether it is right for samples with padding ("Padding" in docs/conventions.md).

    Raises:
        ConfigError: the round is negative.
    """

    requires: frozenset[str] = frozenset({"colors"})
    takes_padding: bool = False

    def __init__(self, weight: Scheduled = 1.0, round: int | None = None) -> None:
        self._weight = make_schedule(weight)
        if round is not None and round < 0:
            raise ConfigError(f"{type(self).__name__}: round is {round}; rounds are counted from 0")
        self.round = round

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """The loss before its weight, a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define value")

    def __call__(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """The weighted loss at a step, a scalar."""
        if self.round is not None:
            render, samples = render.history[self.round], samples.history[self.round]
        value = self.value(render, batch, samples)
        weight = self._weight(step)
        return value if weight == 1 else value * weight


class FieldLoss(Loss):
    """Base of losses of the field's parameters, whatever was rendered; subclasses define ``of``.

    Args:
        weight: factor of the loss, a number or a schedule of the step.

    Attributes:
        requires_field: attributes that the network must have.
    """

    requires = frozenset()
    takes_padding = True
    requires_field: frozenset[str] = frozenset()

    def __init__(self, weight: Scheduled = 1.0) -> None:
        super().__init__(weight)

    def of(self, network: Any, step: int) -> jt.Var:
        """The loss before its weight, a scalar."""
        raise NotImplementedError(f"{type(self).__name__} does not define of")

    def of_field(self, network: Any, step: int) -> jt.Var:
        """The weighted loss at a step, a scalar."""
        weight = self._weight(step)
        return self.of(network, step) * weight if weight else jt.zeros((1,)).sum()
