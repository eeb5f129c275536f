"""Losses between where rays end and where they should: depth from sensors, or from points of a reconstruction.

Truths are distances along rays, field units, 0 where they are not known. A mean over rays is over those whose truth is
known. Symbols of a ray: D the truth, w_i weights, t_i midpoints and d_i widths of its samples.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.ops.gather_rays import gather_rays, sum_over_rays
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled, ends_of, make_schedule
from jnerf.structures import Batch, RaySamples, RenderOutput

_EPS = 1e-7  # keeps logarithms finite, as nerfstudio's


class DepthLoss(Loss):
    """What they share: which rounds, which rays, and a mean over them. Subclasses define ``of_round``.

    Args:
        weigh_errors: truths count by ``2 exp(-e^2)``, e the error of their point over the mean error (DS-NeRF); for
            truths from tracks.
        every_round: samples of earlier rounds count as those of the last; the mean over rounds. False: one round.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``; the round where only one counts.

    Raises:
        ConfigError: ``round`` is given, and every round counts.
    """

    requires = frozenset({"weights", "depth"})
    takes_padding = True

    def __init__(
        self,
        weigh_errors: bool = False,
        every_round: bool = False,
        weight: Scheduled = 1.0,
        round: int | None = None,
    ) -> None:
        super().__init__(weight, round)
        if every_round and round is not None:
            raise ConfigError(
                f"{type(self).__name__}: round is {round} and every_round True; leave one of them out"
            )
        self._weigh, self._every = weigh_errors, every_round
        if weigh_errors:
            self.requires = self.requires | {"depth_error"}

    def earlier_rounds(self, n_earlier: int) -> frozenset[int]:
        """All there are where every round counts: none is as good."""
        return frozenset(range(n_earlier)) if self._every else super().earlier_rounds(n_earlier)

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Rays whose truth is known."""
        return self._known(batch, samples).sum()

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over rays whose truth is known, and over rounds."""
        known = self._known(batch, samples)
        share = known / jt.maximum(known.sum(), 1.0)
        if self._weigh:
            share = share * 2 * jt.exp(-jt.sqr(batch.extras["depth_error"]))
        rounds = [(render, samples)]
        if self._every:
            rounds += zip(render.history, samples.history, strict=True)
        terms = [
            self.of_round(seen.weights, batch, placed, share) if len(placed) else jt.zeros((1,)).sum()
            for seen, placed in rounds
        ]
        return sum(terms) * (1 / len(terms))

    @abstractmethod
    def of_round(self, weights: jt.Var, batch: Batch, samples: RaySamples, share: jt.Var) -> jt.Var:
        """The loss of one round that has samples, a scalar.

        Args:
            weights: of the samples, [S].
            batch: with ``depth`` among its extras.
            samples: of the round.
            share: what each ray counts, [R, 1].
        """

    def _known(self, batch: Batch, samples: RaySamples) -> jt.Var:
        """1 for rays that count, 0 for others, [R, 1]."""
        known = (batch.extras["depth"] > 0).float32()
        return known if samples.live is None else known * samples.live


class _SpreadLoss(DepthLoss):
    """One whose truths have a width: a sum over samples. Subclasses define ``of_samples``.

    Args:
        sigma: the width, field units, a number or a schedule of the step.
        weigh_errors: see ``DepthLoss``.
        every_round: see ``DepthLoss``.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.
    """

    def __init__(
        self,
        sigma: Scheduled = 0.01,
        weigh_errors: bool = False,
        every_round: bool = True,
        weight: Scheduled = 1.0,
        round: int | None = None,
    ) -> None:
        super().__init__(weigh_errors, every_round and round is None, weight, round)
        self._sigmas = make_schedule(sigma)
        self.sigma = self._sigmas(0)
        least = min(ends_of(self._sigmas))
        if not least > 0:
            raise ConfigError(f"{type(self).__name__}: sigma is {least}; it must be above 0")

    def __call__(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, step: int
    ) -> jt.Var:
        """See ``Loss``; the width is that of the step."""
        self.sigma = self._sigmas(step)
        return super().__call__(render, batch, samples, step)

    def of_round(self, weights: jt.Var, batch: Batch, samples: RaySamples, share: jt.Var) -> jt.Var:
        """See ``DepthLoss``."""
        rows = jt.concat([batch.extras["depth"], share, *self.further(batch)], dim=1).stop_grad()
        rows = gather_rays(rows, samples.ray_indices, samples.packed_info)
        away = (_middles(samples) - rows[:, 0]).stop_grad()
        widths = (samples.t_ends - samples.t_starts).stop_grad()
        return (self.of_samples(weights, away, widths, rows) * rows[:, 1]).sum()

    def further(self, batch: Batch) -> list[jt.Var]:
        """Further numbers of rays that ``of_samples`` reads, [R, C] each."""
        return []

    @abstractmethod
    def of_samples(self, weights: jt.Var, away: jt.Var, widths: jt.Var, rows: jt.Var) -> jt.Var:
        """What each sample adds, [S].

        Args:
            weights: [S].
            away: midpoints less the truth, t_i - D, [S].
            widths: [S]; 0 of padding.
            rows: of the samples' rays: the truth, the share, and ``further``, [S, 2 + C].
        """


@LOSSES.register()
class RayTerminationLoss(_SpreadLoss):
    """Rays end around their truth: ``-sum_i log(w_i + 1e-7) exp(-(t_i - D)^2 / (2 sigma)) d_i``.

    DS-NeRF (Deng et al. 2022, https://arxiv.org/abs/2107.02791, equation 9), in nerfstudio's form: the width is sigma,
    not sigma^2, so that sigma = 0.01 reaches 0.1 field units.

    Args:
        sigma: the width, square field units, a number or a schedule of the step.
        weigh_errors: see ``DepthLoss``.
        widen_errors: sigma is multiplied by the point's error over the mean error (DS-NeRF); for truths from tracks.
        every_round: see ``DepthLoss``.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: ``sigma`` is not positive at every step.
    """

    def __init__(
        self,
        sigma: Scheduled = 0.01,
        weigh_errors: bool = False,
        widen_errors: bool = False,
        every_round: bool = True,
        weight: Scheduled = 1.0,
        round: int | None = None,
    ) -> None:
        super().__init__(sigma, weigh_errors, every_round, weight, round)
        self._widen = widen_errors
        if widen_errors:
            self.requires = self.requires | {"depth_error"}

    def further(self, batch: Batch) -> list[jt.Var]:
        """The errors of points, where they widen it."""
        return [batch.extras["depth_error"]] if self._widen else []

    def of_samples(self, weights: jt.Var, away: jt.Var, widths: jt.Var, rows: jt.Var) -> jt.Var:
        """See the class."""
        steep = -0.5 / self.sigma
        if self._widen:
            steep = steep / jt.maximum(rows[:, 2], 1e-3)
        near = (jt.exp(jt.sqr(away) * steep) * widths).stop_grad()
        return -jt.log(weights + _EPS) * near


@LOSSES.register()
class LineOfSightLoss(_SpreadLoss):
    """Nothing in front of the truth, a narrow bump at it, and the expected depth there.

    Urban Radiance Fields (Rematas et al. 2022, https://arxiv.org/abs/2111.14643, equations 7 to 13): ``(D - sum_i w_i
    t_i)^2``, and over samples ``w_i^2`` where ``t_i < D - sigma`` and ``(w_i - k_i)^2`` within sigma of D, k_i what a
    normal distribution about D of deviation sigma / 3 has in the sample's interval.

    Args:
        sigma: the margin, field units, a number or a schedule of the step.
        weigh_errors: see ``DepthLoss``.
        every_round: see ``DepthLoss``.
        weight: factor of the loss, a number or a schedule.
        round: see ``Loss``.

    Raises:
        ConfigError: ``sigma`` is not positive at every step.
    """

    def of_round(self, weights: jt.Var, batch: Batch, samples: RaySamples, share: jt.Var) -> jt.Var:
        """See ``DepthLoss``; with the squared error of the expected depth."""
        error = _expected_error(weights, batch, samples)
        return (jt.sqr(error) * share).sum() + super().of_round(weights, batch, samples, share)

    def of_samples(self, weights: jt.Var, away: jt.Var, widths: jt.Var, rows: jt.Var) -> jt.Var:
        """See the class."""
        bump = 3 / (self.sigma * math.sqrt(2))
        inside = jt.erf((away + 0.5 * widths) * bump) - jt.erf((away - 0.5 * widths) * bump)
        near = (jt.abs(away) <= self.sigma).float32() * (widths > 0).float32()
        empty = (away < -self.sigma).float32()
        return near * jt.sqr(weights - 0.5 * inside) + empty * jt.sqr(weights)


class _ExpectedDepthLoss(DepthLoss):
    """One of the expected depth alone: the sum of weights times midpoints, whatever depth the renderer shows."""

    kind: Literal["l1", "l2"]

    def of_round(self, weights: jt.Var, batch: Batch, samples: RaySamples, share: jt.Var) -> jt.Var:
        """See ``DepthLoss``."""
        error = _expected_error(weights, batch, samples)
        return ((jt.abs(error) if self.kind == "l1" else jt.sqr(error)) * share).sum()


@LOSSES.register()
class DepthL1Loss(_ExpectedDepthLoss):
    """Absolute difference of expected and true depth, field units."""

    kind = "l1"


@LOSSES.register()
class DepthL2Loss(_ExpectedDepthLoss):
    """Squared difference of expected and true depth, square field units."""

    kind = "l2"


def _middles(samples: RaySamples) -> jt.Var:
    return (0.5 * (samples.t_starts + samples.t_ends)).stop_grad()


def _expected_error(weights: jt.Var, batch: Batch, samples: RaySamples) -> jt.Var:
    """Sums of weights times midpoints, less the truth, [R, 1]."""
    parts = (weights * _middles(samples)).unsqueeze(1)
    seen = sum_over_rays(parts, samples.ray_indices, samples.packed_info)
    return seen - batch.extras["depth"]
