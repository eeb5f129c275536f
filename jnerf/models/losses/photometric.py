"""Losses between rendered and true colours, averaged over rays and channels.

The truth is composited over the background that the renderer used. Rays without samples count too: their colour is
the background. Rays that a sampler dropped for its budget are not in the batch any more, or both colours are the
background.
"""

from __future__ import annotations

from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.photometric import photometric
from jnerf.ops.surface_losses import masked_l1
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput, trained

_NO_RAY = 1e-5  # where no ray is within the mask


class PhotometricLoss(Loss):
    """What they share: the mean over rays and channels in one kernel, its weight included.

    Attributes:
        kind: of ``jnerf.ops.photometric``.
        delta: of "huber" and "charbonnier".
    """

    takes_padding = True
    kind: Literal["mse", "l1", "huber", "charbonnier"]
    delta: float = 1.0

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float | jt.Var:
        """Rays, by what they count where the batch has ``weights``."""
        counts = batch.extras.get("weights")
        if counts is None:
            return super().extent(render, batch, samples)
        return _counts(counts, samples).sum()

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays and channels."""
        return self._mean(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        """See ``Loss``; a subclass may have a ``value`` of its own."""
        if type(self).value is not PhotometricLoss.value:
            return super()._weighted(render, batch, samples, weight)
        return self._mean(render, batch, samples, weight)

    def _mean(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        background, counts = render.background, batch.extras.get("weights")
        if counts is not None:
            counts = _counts(counts, samples)
            distance = self._distance(render.colors - batch.target(background))
            return (distance * counts).sum() * (weight / 3) / counts.sum()
        if trained(batch.rgba) or (background is not None and trained(background)):
            value = samples.ray_mean(self._distance(render.colors - batch.target(background)))
            return value if weight == 1 else value * weight
        where = render.colors, batch.rgba, background, samples.live
        return photometric(*where, self.kind, self.delta, weight)

    def _distance(self, residual: jt.Var) -> jt.Var:
        """What the mean is of, for trained truths and backgrounds: the kernel gives them no gradient."""
        if self.kind == "mse":
            return residual * residual
        if self.kind == "charbonnier":
            return jt.sqrt(residual * residual + self.delta**2)
        size = jt.abs(residual)
        if self.kind == "l1":
            return size
        parabola = size * size * (0.5 / self.delta)
        return jt.ternary(size <= self.delta, parabola, size - 0.5 * self.delta)


def _counts(weights: jt.Var, samples: RaySamples) -> jt.Var:
    """What rays count, [R, 1]: their weights, nothing where they were dropped."""
    return weights if samples.live is None else weights * samples.live


@LOSSES.register()
class HuberLoss(PhotometricLoss):
    """d^2 / (2 delta) for |d| <= delta, |d| - delta / 2 beyond (Huber 1964, scaled to slope 1).

    Args:
        delta: where the parabola turns into a line.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    kind = "huber"

    def __init__(
        self, delta: float = 0.1, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not delta > 0:
            raise ConfigError(f"HuberLoss: delta is {delta}; it must be above 0")
        self.delta = delta


@LOSSES.register()
class CharbonnierLoss(PhotometricLoss):
    """sqrt(d^2 + padding^2): a parabola near 0, the absolute difference beyond (Charbonnier et al. 1994).

    As mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077, section 5) has it.

    Args:
        padding: about where the one becomes the other.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: the padding is not above 0.
    """

    kind = "charbonnier"

    def __init__(
        self, padding: float = 0.001, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not padding > 0:
            raise ConfigError(f"CharbonnierLoss: padding is {padding}; it must be above 0")
        self.delta = padding


@LOSSES.register()
class MSELoss(PhotometricLoss):
    """Mean squared difference."""

    kind = "mse"


@LOSSES.register()
class L1Loss(PhotometricLoss):
    """Mean absolute difference.

    Args:
        masked: rays count by their true alpha: those that the mask leaves out do not (NeuS, Wang et al. 2021,
            https://arxiv.org/abs/2106.10689, section 3.3).
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    kind = "l1"

    def __init__(
        self, masked: bool = False, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        self._masked = masked

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float | jt.Var:
        """Rays, or what the mask leaves of them."""
        return batch.rgba[:, 3].sum() if self._masked else super().extent(render, batch, samples)

    def _mean(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        if not self._masked:
            return super()._mean(render, batch, samples, weight)
        background, rgba = render.background, batch.rgba
        if not (trained(rgba) or (background is not None and trained(background))):
            return masked_l1(render.colors, rgba, background, weight)
        distance = jt.abs(render.colors - batch.target(background))
        alpha = batch.rgba[:, 3:]
        value = (distance * alpha).sum() / (3 * alpha.sum() + _NO_RAY)
        return value if weight == 1 else value * weight
