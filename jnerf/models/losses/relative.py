"""A loss that counts errors by how large the value is (Noise2Noise, Lehtinen et al. 2018, section 3.1; used by
Müller et al. 2022, https://arxiv.org/abs/2201.05989, for high dynamic range and for distances)."""

from __future__ import annotations

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.relative_error import relative_error
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput, channel_of, trained


@LOSSES.register()
class RelativeL2Loss(Loss):
    """Mean of (p - y)^2 / (p^2 + epsilon) over rays and channels; the denominator has no gradient.

    Args:
        channel: what is compared: "colors", or a channel of rays that the renderer gives ("sdf", "depths").
        truth: of other channels than colours, the truth of the batch with which it is compared ("distances").
        epsilon: keeps values near 0 from counting without end.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: epsilon is not above 0, or the truth does not fit the channel.
    """

    def __init__(
        self,
        channel: str = "colors",
        truth: str | None = None,
        epsilon: float = 0.01,
        weight: Scheduled = 1.0,
        round: int | None = None,
    ) -> None:
        super().__init__(weight, round)
        if not epsilon > 0:
            raise ConfigError(f"RelativeL2Loss: epsilon is {epsilon}; it must be above 0")
        if (channel == "colors") != (truth is None):
            raise ConfigError(
                f"RelativeL2Loss: channel is {channel!r} and truth {truth!r}; colours have the batch's as their truth, "
                "any other channel needs the name of one"
            )
        self._channel, self._truth, self._epsilon = channel, truth, epsilon
        self.requires = frozenset({channel} | ({truth} if truth else set()))

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """See ``Loss``."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        if self._truth is None:
            found, truth = render.colors, batch.target(render.background)
        else:
            found, truth = channel_of(render, self._channel), batch.extras[self._truth]
        if trained(truth):  # the kernel gives it no gradient
            size = (jt.sqr(found) + self._epsilon).stop_grad()
            return samples.ray_mean(jt.sqr(found - truth) / size) * weight
        return relative_error(found, truth, "of_found", self._epsilon, weight)
