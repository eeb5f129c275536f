"""Jittor op for stratified intervals inside a box (NeRF, Mildenhall et al. 2020, eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common.intervals import IntervalOp, PackedIntervals

_RAYS = """
jnerf::RayUniform r{in0_p, in1_p,
    {{(float)data["box0"], (float)data["box1"], (float)data["box2"]},
     {(float)data["box3"], (float)data["box4"], (float)data["box5"]}},
    (float)data["near"], (float)data["far"], (int)data["n_samples"],
    (uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0,
"""
_PLACE = IntervalOp("ray_uniform", _RAYS, "in0->num / 3", 2, rays=(0, 1))


def ray_uniform(
    rays_o: jt.Var,
    rays_d: jt.Var,
    aabb: Sequence[float],
    near: float,
    far: float,
    n_samples: int,
    seed: int = 0,
    step: int | None = None,
    padded: bool = False,
) -> PackedIntervals:
    """Cuts each ray's way through the box into ``n_samples`` intervals that abut and cover it.

    The inner edges are those of equal bins, moved by up to half a bin at random from (seed, step, ray, edge).

    Args:
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        aabb: (min xyz, max xyz) of the box.
        near: smallest distance of a sample.
        far: largest distance of a sample.
        n_samples: intervals per ray that hits the box; a ray that misses gets none.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: equal bins.
        padded: R ``n_samples`` rows, with padding behind those of rays that hit: nothing is read back.

    Returns:
        The intervals with their midpoints; nothing is differentiable.

    Raises:
        ValueError: ``n_samples`` is below 1.
    """
    if n_samples < 1:
        raise ValueError(f"n_samples is {n_samples}; it must be at least 1")
    n = rays_o.shape[0]
    if n == 0:
        return PackedIntervals.empty(0)
    data = {f"box{i}": value for i, value in enumerate(aabb)}
    data |= {"near": near, "far": far, "n_samples": n_samples}
    data |= {"seed": seed, "step": step or 0, "jitter": step is not None}
    return _PLACE([rays_o, rays_d], data, n, n * n_samples, padded)
