"""Jittor op of hierarchical sampling (NeRF, Mildenhall et al. 2020, section 5.2)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common.intervals import IntervalOp, PackedIntervals

_ROUND = """
jnerf::RayResample r{in0_p, in1_p, in2_p, in3_p, (int)data["n"], data["merge"] != 0, data["blur"] != 0,
    (float)data["padding"], (uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0,
"""
_PLACE = IntervalOp("ray_resample", _ROUND, "in3->num / 2", 4)
_PLACE_ALONG = IntervalOp("ray_resample", _ROUND, "in3->num / 2", 6, rays=(4, 5))


def ray_resample(
    t_starts: jt.Var,
    t_ends: jt.Var,
    weights: jt.Var,
    packed_info: jt.Var,
    n: int,
    merge: bool = False,
    blur: bool = False,
    padding: float = 0.0,
    seed: int = 0,
    step: int | None = None,
    padded: bool = False,
    n_hit: int | None = None,
    rays: tuple[jt.Var, jt.Var] | None = None,
) -> PackedIntervals:
    """Places intervals where earlier ones have weight.

    Points are drawn from the weights by stratified inverse-transform sampling. Without ``merge`` n + 1 of them are the
    edges of n intervals; with it, n of them cut the earlier intervals further, which then are n more.

    Args:
        t_starts: starts of the earlier intervals, float32 [S]; those of a ray abut.
        t_ends: their ends, float32 [S].
        weights: at least 0, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2]; a ray without intervals gets none.
        n: points, or intervals, per ray.
        merge: keep the earlier edges (NeRF), or not (mip-NeRF, Barron et al. 2021, section 3.3).
        blur: take the mean of the larger of each pair of neighbouring weights (mip-NeRF, equation 18).
        padding: added to each weight, so that no interval is out of reach.
        seed: seed of the jitter.
        step: training step, part of the jitter's key; None: the middle of each stratum.
        padded: R n rows, and with ``merge`` S more, with padding behind the samples: nothing is read back.
        n_hit: rays that have earlier intervals, where that is known: nothing is read back then either.
        rays: origins and directions, float32 [R, 3] each, for midpoints of the intervals; None: they are not wanted.

    Returns:
        The intervals; nothing is differentiable.

    Raises:
        ValueError: ``n`` is below 1, or ``padding`` below 0.
    """
    if n < 1 or not padding >= 0:
        raise ValueError(f"n is {n} and padding {padding}; they must be at least 1 and 0")
    n_rays = packed_info.shape[0]
    if n_rays == 0 or t_starts.shape[0] == 0:
        return PackedIntervals.empty(n_rays)
    data = {"n": n, "merge": merge, "blur": blur, "padding": padding}
    data |= {"seed": seed, "step": step or 0, "jitter": step is not None}
    old = [t_starts, t_ends, weights, packed_info]
    kept = t_starts.shape[0] if merge else 0
    exactly = None if n_hit is None else n_hit * n + kept
    size = n_rays, n_rays * n + kept, padded, exactly
    return _PLACE(old, data, *size) if rays is None else _PLACE_ALONG([*old, *rays], data, *size)
