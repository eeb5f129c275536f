"""The loss between the opacity of rays and the masks of images."""

from __future__ import annotations

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.surface_losses import mask_entropy
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput


@LOSSES.register()
class MaskLoss(Loss):
    """Binary cross entropy of a ray's opacity and the true alpha.

    NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689, section 3.3), which weighs it with 0.1 and clips
    opacities to [0.001, 0.999]; a clipped one gets no gradient.

    Args:
        clip: distance of opacities from 0 and 1.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: ``clip`` is not in (0, 0.5).
    """

    requires = frozenset({"opacities", "rgba"})
    takes_padding = True

    def __init__(
        self, clip: float = 1e-3, weight: Scheduled = 1.0, round: int | None = None
    ) -> None:
        super().__init__(weight, round)
        if not 0 < clip < 0.5:
            raise ConfigError(f"MaskLoss: clip is {clip}; it must be in (0, 0.5)")
        self._clip = clip

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        """See ``Loss``."""
        return mask_entropy(render.opacities, batch.rgba, self._clip, weight, samples.live)
