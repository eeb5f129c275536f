"""What every loss is: one weighted scalar of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.ops.common.constants import zero
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import Batch, RaySamples, RenderOutput

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network


class Loss(ABC):
    """Base of losses; subclasses define ``value``.

    Args:
        weight: factor of the loss, a number or a schedule of the step.
        round: of samplers with several rounds, the earlier one (from 0) that the loss is of; None: the last.

    Attributes:
        requires: channels of ``RenderOutput`` and of the batch that it reads.
        reads: "one" round, the last or ``round``; or "all": ``value`` gets the last, and those before as ``history`` of
            its arguments.
        takes_padding: whether it is right for samples with padding ("Padding" in docs/conventions.md).
        requires_field: what it asks of the network (``Network.offers``), beside what was rendered.
        weight: the factor by step.

    Raises:
        ConfigError: the round is negative.
    """

    requires: frozenset[str] = frozenset({"colors"})
    reads: Literal["one", "all"] = "one"
    takes_padding: bool = False
    requires_field: frozenset[str] = frozenset()

    def __init__(self, weight: Scheduled = 1.0, round: int | None = None) -> None:
        self.weight = make_schedule(weight)
        if round is not None and round < 0:
            raise ConfigError(f"{type(self).__name__}: round is {round}; rounds are counted from 0")
        self.round = round

    def reweight(self, weight: Scheduled) -> None:
        """Takes another weight, a number or a schedule, from the next step on.

        Raises:
            ConfigError: it is no such.
        """
        self.weight = make_schedule(weight)

    def earlier_rounds(self, n_earlier: int) -> frozenset[int]:
        """Numbers of the rounds before the last that it reads; the engine renders these alone.

        Args:
            n_earlier: how many there are (``Sampler.earlier_rounds``).
        """
        if self.reads == "all":
            return frozenset(range(n_earlier))
        return frozenset() if self.round is None else frozenset({self.round})

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float | jt.Var:
        """How much it is a mean over: of a batch in parts, each part's loss counts by its share of this.

        By default the rays that count. A loss that is a mean over something else (samples, rays of a mask) says so.
        """
        return float(len(samples.rays)) if samples.live is None else samples.live.sum()

    @abstractmethod
    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """The loss before its weight, a scalar."""

    def __call__(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """The weighted loss at a step, a scalar."""
        if self.round is not None:
            render, samples = render.history[self.round], samples.history[self.round]
        return self._weighted(render, batch, samples, self.weight(step))

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        """``value`` times a weight; for losses whose kernel takes the weight along."""
        value = self.value(render, batch, samples)
        return value if weight == 1 else value * weight

    def term(
        self, network: Network, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """What the trainer adds to the other terms: the loss of what was rendered, whatever the network."""
        return self(render, batch, samples, step)

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters of its own, by part; see ``Network.param_groups``."""
        return {}


class FieldLoss(Loss):
    """Base of losses of the field's parameters, whatever was rendered; subclasses define ``of``.

    Args:
        weight: factor of the loss, a number or a schedule of the step.
    """

    requires = frozenset()
    takes_padding = True

    def __init__(self, weight: Scheduled = 1.0) -> None:
        super().__init__(weight)

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float:
        """The same for every part of a batch: it is the same loss."""
        return 1.0

    @abstractmethod
    def of(self, network: Network, step: int) -> jt.Var:
        """The loss before its weight, a scalar."""

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Nothing: what was rendered does not matter."""
        return zero()

    def of_field(self, network: Network, step: int) -> jt.Var:
        """The weighted loss at a step, a scalar."""
        weight = self.weight(step)
        return self._weighted_of(network, step, weight) if weight else zero()

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        """``of`` times a weight; for losses whose kernel takes the weight along."""
        return self.of(network, step) * weight

    def term(
        self, network: Network, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """The loss of the network, whatever was rendered."""
        return self.of_field(network, step)
