"""Samples that gather where a signed distance changes its sign (NeuS, Wang et al. 2021, section 3.2 and appendix).

https://arxiv.org/abs/2106.10689. Behind the object they go on in steps of equal inverse distance (NeRF++, Zhang et al.
2020, https://arxiv.org/abs/2010.07492).
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.surface_rounds import Edges, SurfaceRounds
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples

_STREAM = 8


@SAMPLERS.register()
class NeuSSampler(Sampler):
    """Even intervals through the ball of the object, then ``n_rounds`` times more where the surface seems to be.

    Every ray has the same number of intervals: between one radius before and one behind the point next to the ball's
    middle. Each round asks for the distance at the edges that are new, and draws from the weights that all intervals
    have at a fixed sharpness, which doubles with each round.

    Args:
        n_samples: intervals in the beginning.
        n_rounds: how often more are added.
        n_fine: points that each round adds.
        n_outside: intervals behind the ball, for fields with a background; 0 for none.
        sharpness: s of the first round, per radius of the ball.
        aabb: scene fact: (min xyz, max xyz), field units; the ball is the one that just fits.
        seed: the run's seed.

    Raises:
        ConfigError: a number is out of its range.
    """

    def __init__(
        self,
        n_samples: int = 64,
        n_rounds: int = 4,
        n_fine: int = 16,
        n_outside: int = 0,
        sharpness: float = 64.0,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        seed: int = 0,
    ) -> None:
        at_least(
            "NeuSSampler",
            n_samples=(n_samples, 2),
            n_rounds=(n_rounds, 0),
            n_fine=(n_fine, 1),
            n_outside=(n_outside, 0),
        )
        if not sharpness > 0:
            raise ConfigError(f"NeuSSampler: sharpness is {sharpness}; it must be above 0")
        self.n_samples, self.n_rounds, self.n_fine = n_samples, n_rounds, n_fine
        self.n_outside = n_outside
        self.requires = frozenset({"sdf", "outside"} if n_outside else {"sdf"})
        box = np.asarray(aabb, np.float32)
        self._middle = ((box[:3] + box[3:]) / 2).tolist()
        self._radius = float((box[3:] - box[:3]).min()) / 2
        self._sharpness = sharpness / self._radius
        self._seed = stream_seed(seed, _STREAM)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Asks the field for distances in each round; see ``Sampler``."""
        if len(rays) == 0:
            return to_samples(rays, PackedIntervals.empty(0))
        step = rays.draw_step(self._seed, step)
        given = rays.rays_o, rays.rays_d, self._middle, self._radius, self._seed, step
        with jt.no_grad():
            rounds = SurfaceRounds(*given)
            t, positions = rounds.even(self.n_samples)
            if not self.n_rounds:
                return to_samples(rays, rounds.intervals(t, None, self.n_outside))
            edges, drawn = Edges(t, field.sdf(positions)), None
            for i in range(self.n_rounds):
                sdf = None if drawn is None else field.sdf(drawn.positions)
                sharpness = self._sharpness * 2**i
                edges, drawn = rounds.draw(edges, drawn, sdf, self.n_fine, sharpness)
            return to_samples(rays, rounds.intervals(edges.t, drawn, self.n_outside))
