"""Losses of samples in several rounds: proposals that cover what the field sees, weights that lie close together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.distortion import distortion
from jnerf.ops.interlevel import interlevel, interlevel_blurred
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput

Histogram = tuple[jt.Var, jt.Var, jt.Var, jt.Var]


@LOSSES.register()
class InterlevelLoss(Loss):
    """What the last round weighs and an earlier one does not cover; its gradient goes to the earlier rounds alone.

    The mean over rays and intervals, summed over the earlier rounds.

    Args:
        form: "histogram" (mip-NeRF 360, Barron et al. 2022, https://arxiv.org/abs/2111.12077, equation 13), or
            "blurred", which is free of aliasing (Zip-NeRF, Barron et al. 2023, https://arxiv.org/abs/2304.06706).
        radii: of the blur, one for each earlier round, in the normalised distance; for "blurred" alone.
        eps: keeps quotients finite.
        weight: factor of the loss, a number or a schedule.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires = frozenset({"weights"})
    reads = "all"

    def __init__(
        self,
        form: Literal["histogram", "blurred"] = "histogram",
        radii: Sequence[float] = (0.03, 0.003),
        eps: float = 1e-7,
        weight: Scheduled = 1.0,
    ) -> None:
        super().__init__(weight)
        if form not in ("histogram", "blurred"):
            raise ConfigError(f"InterlevelLoss: form is {form!r}; choose one of histogram, blurred")
        if not eps > 0 or not all(radius >= 0 for radius in radii):
            raise ConfigError(
                f"InterlevelLoss: eps is {eps} and radii {list(radii)}; eps must be above 0, no radius below it"
            )
        self._blurred, self._radii, self._eps = form == "blurred", tuple(radii), eps

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """See the class; ``samples`` must have a normalised distance."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        n = len(samples.history)
        if self._blurred and len(self._radii) != n:
            raise ConfigError(
                f"InterlevelLoss: radii has {len(self._radii)} numbers; the sampler has {n} earlier rounds"
            )
        field = _histogram(self, samples, render.weights.detach())
        terms, weights = [], []
        for i, (earlier, seen) in enumerate(zip(samples.history, render.history, strict=True)):
            proposal = _histogram(self, earlier, seen.weights)
            if self._blurred:
                sums = interlevel_blurred(proposal, field, self._radii[i], self._eps)
            else:
                sums = interlevel(proposal, field, self._eps)
            intervals = len(earlier if self._blurred else samples)
            terms.append(sums)
            weights.append(weight / max(intervals, 1))
        return weighted_sum(terms, weights)


@LOSSES.register()
class DistortionLoss(Loss):
    """How far the weights of a ray lie apart; the mean over rays. Against floaters (mip-NeRF 360, equation 15).

    Args:
        power: None: in the sampler's normalised distance; below 0: in (1 - p) / p ((scale t / (1 - p) + 1)^p - 1), p
            the power and t the distance in field units (Zip-NeRF: -0.25).
        scale: of that curve.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires = frozenset({"weights"})

    def __init__(
        self,
        power: float | None = None,
        scale: float = 10000.0,
        weight: Scheduled = 1.0,
        round: int | None = None,
    ) -> None:
        super().__init__(weight, round)
        if power is not None and not (power < 0 < scale):
            raise ConfigError(
                f"DistortionLoss: power is {power} and scale {scale}; give a power below 0 or None, a scale above 0"
            )
        self._power, self._scale = power, scale

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """See the class."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        if self._power is None:
            starts, ends, weights, packed_info = _histogram(self, samples, render.weights)
        else:
            starts, ends = self._bent(samples.t_starts), self._bent(samples.t_ends)
            weights, packed_info = render.weights, samples.packed_info
        sums = distortion(starts, ends, weights, packed_info)
        return weighted_sum([sums], [weight / max(sums.numel(), 1)], samples.live)

    def _bent(self, t: jt.Var) -> jt.Var:
        p = self._power
        return (jt.pow(t * (self._scale / (1 - p)) + 1, p) - 1) * ((1 - p) / p)


def _histogram(loss: Loss, samples: RaySamples, weights: jt.Var) -> Histogram:
    """A round in its normalised distance."""
    if samples.s_starts is None:
        raise ConfigError(
            f"{type(loss).__name__} measures in a normalised distance, which this sampler has not: take "
            "ProposalSampler, or leave the loss out"
        )
    return samples.s_starts, samples.s_ends, weights, samples.packed_info
