"""Samples in any number of rounds, each placed where a small density of the round before, a proposal, sees something.

mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077, section 3) and what came of it in nerfacto (Tancik
et al. 2023, https://arxiv.org/abs/2302.04264) and Zip-NeRF (Barron et al. 2023, https://arxiv.org/abs/2304.06706).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.ops.composite import composite
from jnerf.ops.step_resample import Steps, make_spacing, step_resample
from jnerf.ops.step_widen import step_widen
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples

_STREAM = 9


def annealed(step: int, steps: int, slope: float) -> float:
    """The power of the weights at a step: it rises from 0 to 1 within ``steps``, the faster the larger the slope.

    ``slope P / ((slope - 1) P + 1)``, P the part of the steps that is done (mip-NeRF 360, equation 18).

    >>> annealed(0, 100, 10), round(annealed(10, 100, 10), 3), annealed(200, 100, 10), annealed(0, 100, 0)
    (0.0, 0.526, 1.0, 1.0)
    """
    if slope == 0:
        return 1.0
    part = min(step / steps, 1.0)
    return slope * part / ((slope - 1) * part + 1)


@SAMPLERS.register()
class ProposalSampler(Sampler):
    """Even intervals in a normalised distance, then, round after round, where the last round's weights lie.

    Each round is asked for its density once (``Network.density_of``): a network with proposals has a field of its own
    for each but the last. The defaults are nerfacto's. Every ray gets as many samples, wherever it goes: there is no
    box. Proposals are trained by a loss of all rounds (``InterlevelLoss``); how often is told by the optimiser's groups
    (``every``).

    Args:
        n_samples: intervals of each round; the last one's are those that are rendered.
        spacing: how the normalised distance grows: "linear", "inverse" (even in 1 / t), "piecewise" (nerfacto's: even
            to one unit, then in 1 / t) or "power_ladder" (Zip-NeRF's).
        span: nearest and farthest distance, in units of half the box's longest edge, which is what a contraction leaves
            as it is; None: the scene's near and far.
        centres: draw the centres of intervals (mip-NeRF 360), or their edges (nerfacto).
        anneal_slope: how fast the power of the weights rises to 1 over ``anneal_steps``; 0: it is 1.
        anneal_steps: None: of the whole training.
        padding: added to weights before the power.
        floor: added to them afterwards, so that no interval is out of reach.
        widen: (bias, factor): weights of a round reach ``bias + factor / (samples of all rounds so far, multiplied)``
            farther in the normalised distance (mip-NeRF 360: (0.0025, 0.5)); None: no farther than they are.
        single_jitter: one random number moves all points of a ray alike; False: each has its own.
        opaque: the last interval of each round stops all that comes so far; as that of the renderer.
        aabb: scene fact: (min xyz, max xyz), field units.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        total_steps: steps of the training.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        n_samples: Sequence[int] = (256, 96, 48),
        spacing: str = "piecewise",
        span: Sequence[float] | None = (0.05, 1000.0),
        centres: bool = False,
        anneal_slope: float = 10.0,
        anneal_steps: int | None = 1000,
        padding: float = 0.0,
        floor: float = 0.01,
        widen: Sequence[float] | None = None,
        single_jitter: bool = True,
        opaque: bool = False,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        total_steps: int = 1,
        seed: int = 0,
    ) -> None:
        box = np.asarray(aabb, np.float64)
        unit = float((box[3:] - box[:3]).max() / 2)
        reach = (near, far) if span is None else tuple(unit * float(end) for end in span)
        try:
            self._spacing = make_spacing(spacing)
        except ValueError as error:
            raise ConfigError(f"ProposalSampler: {error}") from None
        self.n_samples = tuple(n_samples)
        _check(self.n_samples, reach, self._spacing.from_zero, widen)
        for name, value in (("padding", padding), ("floor", floor), ("anneal_slope", anneal_slope)):
            if not value >= 0:
                raise ConfigError(f"ProposalSampler: {name} is {value}; it must be at least 0")
        self._steps = total_steps if anneal_steps is None else anneal_steps
        if self._steps < 1:
            raise ConfigError(
                f"ProposalSampler: anneal_steps is {self._steps}; it must be at least 1"
            )
        self.earlier_rounds = len(self.n_samples) - 1
        self._where = {"near": reach[0], "far": reach[1], "unit": unit, "centres": centres}
        self._how = {"padding": float(padding), "floor": float(floor)}
        self._slope, self._widen, self._opaque = float(anneal_slope), widen, opaque
        self._single_jitter = single_jitter
        self._seeds = [stream_seed(stream_seed(seed, _STREAM), i) for i in range(len(n_samples))]
        self._step = 0

    def update(self, field: Field, step: int) -> None:
        """Sets the power of the weights, which pictures take over from training; see ``Sampler``."""
        self._step = step

    @property
    def stats(self) -> dict[str, float]:
        """The power of the weights."""
        return {"anneal": annealed(self._step, self._steps, self._slope)}

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Asks the field for the density of every round but the last; see ``Sampler``."""
        power = annealed(self._step if step is None else step, self._steps, self._slope)
        history: list[RaySamples] = []
        earlier = None
        for number, n in enumerate(self.n_samples):
            seed = self._seeds[number]
            how = self._where | self._how | {"anneal": power, "step": rays.draw_step(seed, step)}
            how |= {"single_jitter": self._single_jitter, "seed": seed}
            found = step_resample(len(rays), n, self._spacing, earlier=earlier, **how)
            samples = replace(to_samples(rays, found), round=number, step=step)
            if number == self.earlier_rounds:
                return replace(samples, history=tuple(history))
            sigmas, features = field.density_of(samples)
            with jt.no_grad():
                earlier = self._seen(samples, sigmas.detach(), number + 1)
            # in rendering nobody asks again
            history.append(samples if step is None else samples.with_features(features))
        raise AssertionError("there is a last round")

    def _seen(self, samples: RaySamples, sigmas: jt.Var, rounds: int) -> Steps:
        """What the next round is drawn from: the weights of this one."""
        where = samples.t_starts, samples.t_ends, samples.packed_info
        weights = composite(sigmas, None, *where, early_stop=0.0, opaque=self._opaque).weights
        steps = samples.s_starts, samples.s_ends, weights.stop_grad()
        if self._widen is None:
            return Steps(*steps)
        bias, factor = self._widen
        by = bias + factor / prod(self.n_samples[:rounds])
        return Steps(*step_widen(*steps, len(samples.rays), by))

    def state(self) -> dict[str, np.ndarray]:
        """The step of the last update, which the power in pictures follows; see ``Sampler``."""
        return {"step": np.array([self._step], np.int64)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Restores that step. See ``Sampler``."""
        super().load_state(state)
        self._step = int(state["step"][0])


def _check(
    n_samples: tuple, reach: Sequence[float], from_zero: bool, widen: Sequence[float] | None
) -> None:
    """Raises a ConfigError for rounds, a span or a width that cannot be."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in n_samples)
    if not n_samples or not whole:
        raise ConfigError(
            f"ProposalSampler: n_samples is {list(n_samples)}; give the number of each round, from 1 on"
        )
    if (
        len(reach) != 2
        or not 0 <= reach[0] < reach[1] < np.inf
        or (reach[0] == 0 and not from_zero)
    ):
        above = "0 <= near" if from_zero else "0 < near"
        raise ConfigError(
            f"ProposalSampler: rays go from {' to '.join(f'{end:g}' for end in reach)} field units; with this spacing "
            f"span, or the scene's near and far, must be {above} < far"
        )
    if widen is not None and (len(widen) != 2 or not min(widen) >= 0):
        raise ConfigError(
            f"ProposalSampler: widen is {list(widen)}; give (bias, factor), at least 0 each, or None"
        )
