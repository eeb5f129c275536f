"""Losses between rendered and true colours, averaged over rays and channels.

The truth is composited over the background that the renderer used. Rays without samples count too: their colour is
the background. Rays that a sampler dropped for its budget are not in the batch any more, or both colours are the
background.
"""

from __future__ import annotations

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput

_NO_RAY = 1e-5  # where no ray is within the mask


def _residual(render: RenderOutput, batch: Batch) -> jt.Var:
    """Rendered minus true colours, float32 [R, 3]."""
    return render.colors - batch.target(render.background)


@LOSSES.register()
class HuberLoss(Loss):
    """d^2 / (2 delta) for |d| <= delta, |d| - delta / 2 beyond (Huber 1964, scaled to slope 1).

    Args:
        delta: where the parabola turns into a line.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    takes_padding = True

    def __init__(
        self, delta: float = 0.1, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not delta > 0:
            raise ConfigError(f"HuberLoss: delta is {delta}; it must be above 0")
        self._delta = delta

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays and channels."""
        distance = jt.abs(_residual(render, batch))
        parabola = distance * distance * (0.5 / self._delta)
        line = distance - 0.5 * self._delta
        return samples.ray_mean(jt.ternary(distance <= self._delta, parabola, line))


@LOSSES.register()
class MSELoss(Loss):
    """Mean squared difference."""

    takes_padding = True

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays and channels."""
        residual = _residual(render, batch)
        return samples.ray_mean(residual * residual)


@LOSSES.register()
class L1Loss(Loss):
    """Mean absolute difference.

    Args:
        masked: rays count by their true alpha: those that the mask leaves out do not (NeuS, Wang et al. 2021,
            https://arxiv.org/abs/2106.10689, section 3.3).
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    takes_padding = True

    def __init__(
        self, masked: bool = False, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        self._masked = masked

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays and channels."""
        distance = jt.abs(_residual(render, batch))
        if not self._masked:
            return samples.ray_mean(distance)
        alpha = batch.rgba[:, 3:]
        return (distance * alpha).sum() / (3 * alpha.sum() + _NO_RAY)
