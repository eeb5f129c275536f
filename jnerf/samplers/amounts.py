"""Samples of a step, of a ray and of a look, and rays that follow them: shared by samplers that look at the density."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jnerf.checks.least import at_least
from jnerf.schedules import ScheduledCount, make_schedule

_MOST_RAYS = 2**18
# Of the paper's 2^18 samples: first rays, and what the number of rays is rounded up to.
_SAMPLES_PER_FIRST_RAY, _SAMPLES_PER_QUANTUM = 64, 1024


@dataclass(frozen=True)
class Amounts:
    """How many samples there may be, and when the number of rays follows them.

    Args:
        target_samples: samples per training step; also the budget that a step never exceeds. At least max_steps.
            A number, or a schedule (``jnerf.schedules``) that is rounded to whole samples.
        n_rays_init: rays of the first steps; None: ``target_samples / 64``, the paper's 4096 at 2^18.
        fixed_rays: keep to ``n_rays_init`` rays; ``target_samples`` then is the budget alone.
        update_every: steps between two changes of the number of rays, and of a grid where there is one.
        max_steps: most samples on a ray.
        early_stop: transmittance below which a ray ends; 0: all samples stay, and nothing is looked at.
        look_samples: most samples per training step whose density is asked for, a bound on memory. At least max_steps.
        density_chunk: most positions per call of the density; None for what suits the device: 2^19, on CUDA 2^21, and
            2^24 where rays of pictures go through a grid, since they are rendered a bounded number at a time.
    """

    target_samples: ScheduledCount = 2**18
    n_rays_init: int | None = None
    fixed_rays: bool = False
    update_every: int = 16
    max_steps: int = 1024
    early_stop: float = 1e-4
    look_samples: int = 2**21
    density_chunk: int | None = None


USUAL = Amounts()


class FollowingRays:
    """The number of rays for the next step, so that about ``target_samples`` samples remain.

    Args:
        amounts: of samples.
        total_steps: of the run; a schedule is checked at its first and its last step.
        owner: as of ``at_least``.

    Attributes:
        n_rays: for the next step.
        measured: samples of the steps since it changed.
        window: how many steps these are.

    Raises:
        ConfigError: an amount is out of its range.
    """

    def __init__(self, amounts: Amounts, total_steps: int | None, owner: str = "") -> None:
        self._target, self._fixed = make_schedule(amounts.target_samples), amounts.fixed_rays
        self.n_rays = amounts.n_rays_init
        if self.n_rays is None:
            self.n_rays = max(1, self.target(0) // _SAMPLES_PER_FIRST_RAY)
        self.measured = self.window = 0
        chunk, longest = amounts.density_chunk, amounts.max_steps
        why = "(max_steps: one ray may need as many)"
        at_least(
            owner,
            n_rays_init=(self.n_rays, 1),
            update_every=(amounts.update_every, 1),
            max_steps=(longest, 1),
            density_chunk=(1 if chunk is None else chunk, 1),
            # else one ray alone could exceed the budget, and nothing would be left to train on
            target_samples=(min(map(self.target, (0, total_steps or 0))), longest, why),
            look_samples=(amounts.look_samples, longest, why),
        )

    def target(self, step: int) -> int:
        """Samples that training step ``step`` is to have."""
        return round(self._target(step))

    def note(self, measured: int) -> None:
        """Takes in the samples that all rays of a step would have had without a budget."""
        self.measured += measured
        self.window += 1

    def adapt(self, step: int) -> None:
        """Changes the number of rays by what was noted since the last change."""
        if not self.window or self._fixed:
            return
        target = self.target(step)
        rays = self.n_rays * target / max(self.measured / self.window, 1.0)
        quantum = max(1, target // _SAMPLES_PER_QUANTUM)
        self.n_rays = min(math.ceil(rays / quantum) * quantum, _MOST_RAYS)
        self.measured = self.window = 0
