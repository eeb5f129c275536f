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
from jnerf.ops.common import uniform
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.common.sections import section_density
from jnerf.ops.composite import composite
from jnerf.ops.ray_resample import ray_resample
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples

_STREAM = 8
_STEEPEST = -1e3  # slope of a distance, which is -1 where training has come far
_PADDING = 1e-5  # of the weights that new samples are drawn from
_FARTHEST = 1e3  # the last outside sample ends so many times as far away as the first begins


@SAMPLERS.register()
class NeuSSampler(Sampler):
    """Even intervals through the ball of the object, then ``n_rounds`` times more where the surface seems to be.

    Every ray has the same number of intervals: between one radius before and one behind the point next to the ball's
    middle. Each round asks for the distance at the edges of all intervals and draws from the weights that these have
    at a fixed sharpness, which doubles with each round.

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
        self._middle = jt.array((box[:3] + box[3:]) / 2).stop_grad()
        self._radius = float((box[3:] - box[:3]).min()) / 2
        self._sharpness = sharpness / self._radius
        self._seed = stream_seed(seed, _STREAM)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Asks the field for distances in each round; see ``Sampler``."""
        if len(rays) == 0:
            return to_samples(rays, PackedIntervals.empty(0))
        step = rays.draw_step(self._seed, step)
        with jt.no_grad():
            edges, far = self._even(rays, step)
            for i in range(self.n_rounds):
                edges = self._refined(rays, edges, field, self._sharpness * 2**i)
            if self.n_outside:
                edges = jt.concat([edges, self._behind(far, step)[:, 1:]], dim=1)
            return to_samples(rays, _intervals(edges))

    def _even(self, rays: RayBundle, step: int | None) -> tuple[jt.Var, jt.Var]:
        """Edges [R, n + 1] of even intervals, and where the ball ends, [R, 1]."""
        nearest = ((self._middle - rays.rays_o) * rays.rays_d).sum(1, keepdims=True)
        near = jt.maximum(nearest - self._radius, 0.0)
        far = jt.maximum(nearest + self._radius, near + 0.01 * self._radius)
        part = np.linspace(0, 1, self.n_samples + 1, dtype=np.float32)[None]
        if step is not None:  # all of a ray together, as NeuS has it, its ends excepted
            shift = self._uniform(len(rays), step, [0]) - np.float32(0.5)
            inner = np.ones_like(part)
            inner[0, [0, -1]] = 0
            part = part + shift * inner / self.n_samples
        return near + (far - near) * jt.array(part.astype(np.float32)), far

    def _refined(self, rays: RayBundle, edges: jt.Var, field: Field, sharpness: float) -> jt.Var:
        """Edges [R, K] and ``n_fine`` more, where intervals of this sharpness have weight."""
        n_rays, k = edges.shape
        places = rays.rays_o.unsqueeze(1) + rays.rays_d.unsqueeze(1) * edges.unsqueeze(2)
        sdf = field.sdf(places.reshape(-1, 3).stop_grad()).reshape(n_rays, k)
        from_middle = jt.sqr(places - self._middle).sum(2)
        inside = (from_middle < self._radius**2).float32()
        lengths = jt.maximum(edges[:, 1:] - edges[:, :-1], 1e-9)
        slope = (sdf[:, 1:] - sdf[:, :-1]) / lengths
        # The steeper of an interval and the one before: a surface just in front counts (NeuS's published code).
        before = jt.concat([jt.zeros((n_rays, 1)), slope[:, :-1]], dim=1)
        slope = jt.minimum(jt.maximum(jt.minimum(slope, before), _STEEPEST), 0.0)
        slope = slope * jt.maximum(inside[:, 1:], inside[:, :-1])
        middle = 0.5 * (sdf[:, 1:] + sdf[:, :-1])
        sigmas = section_density(middle, slope, lengths, sharpness).reshape(-1)
        old = _intervals(edges)
        where = old.t_starts, old.t_ends, old.packed_info
        weights = composite(sigmas, jt.zeros((n_rays * (k - 1), 3)), *where, early_stop=0.0).weights
        new = ray_resample(*where[:2], weights, where[2], self.n_fine, merge=True, padding=_PADDING)
        return _edges(new, n_rays)

    def _behind(self, far: jt.Var, step: int | None) -> jt.Var:
        """Edges [R, n_outside + 1] from the end of the ball on, evenly in inverse distance."""
        n = self.n_outside
        inverse = np.linspace(1, 1 / _FARTHEST, n + 1, dtype=np.float32)[None]
        if step is not None and n > 1:
            shift = self._uniform(far.shape[0], step, range(1, n)) - np.float32(0.5)
            inner = inverse[:, 1:-1] + shift * np.float32(1 / n)
            ends = [np.repeat(inverse[:, i : i + 1], len(inner), 0) for i in (0, n)]
            inverse = np.concatenate([ends[0], inner, ends[1]], axis=1)
        return far / jt.array(inverse)

    def _uniform(self, n_rays: int, step: int, draws: Sequence[int]) -> np.ndarray:
        return uniform(self._seed, step, np.arange(n_rays)[:, None], np.array(list(draws))[None])


def _intervals(edges: jt.Var) -> PackedIntervals:
    """Packed intervals between edges [R, K]."""
    n_rays, n = edges.shape[0], edges.shape[1] - 1
    rows = np.arange(n_rays, dtype=np.int32)
    packed = np.stack([rows * n, np.full(n_rays, n, np.int32)], axis=1)
    starts, ends = (v.reshape(-1).stop_grad() for v in (edges[:, :-1], edges[:, 1:]))
    indices = jt.array(np.repeat(rows, n)).stop_grad()
    return PackedIntervals(starts, ends, indices, jt.array(packed).stop_grad(), n_rays * n)


def _edges(intervals: PackedIntervals, n_rays: int) -> jt.Var:
    """The edges [R, K] of intervals, as many on every ray, that abut."""
    starts, ends = (v.reshape(n_rays, -1) for v in (intervals.t_starts, intervals.t_ends))
    return jt.concat([starts, ends[:, -1:]], dim=1)
