"""Jittor op that keeps the leading samples of each ray until its transmittance is used up."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals

_COUNT = """
jnerf::ray_compact_count(in3->num / 2, jnerf::RayCompactCount{in0_p, in1_p, in2_p, in3_p,
    (float)data["early_stop"], out0_p}, (int64_t)data["capacity"], out1_p);
"""
_WRITE = """
jnerf::ray_compact_write(in2->num / 2,
    jnerf::RayCompactWrite{in0_p, in1_p, in2_p, in3_p, out0_p, out1_p, out2_p});
"""


def ray_compact(
    t_starts: jt.Var,
    t_ends: jt.Var,
    packed_info: jt.Var,
    sigmas: jt.Var,
    early_stop: float = 1e-4,
    max_samples: int | None = None,
) -> PackedIntervals:
    """Keeps sample i of a ray while T_i = prod_{j<i} exp(-sigma_j (t_end_j - t_start_j)) >= ``early_stop``.

    The sample that uses the transmittance up is kept, those behind it are not (Instant-NGP, appendix E).

    Args:
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        sigmas: densities, float32 [S].
        early_stop: transmittance below which a ray ends; 0 keeps everything.
        max_samples: the first ray that would exceed it and all rays after get no sample, so rays must come
            in an order that has nothing to do with what they see.

    Returns:
        The kept intervals; ``wanted`` counts those of the dropped rays too.

    Raises:
        ValueError: ``max_samples`` is out of range or the inputs' sizes differ.
    """
    n, capacity = packed_info.shape[0], check_budget(max_samples)
    if not t_starts.shape[0] == t_ends.shape[0] == sigmas.shape[0]:
        raise ValueError(
            f"t_starts {t_starts.shape}, t_ends {t_ends.shape} and sigmas {sigmas.shape} must all be [S]"
        )
    if n == 0 or t_starts.shape[0] == 0:
        return PackedIntervals.empty(n)
    data = {"early_stop": early_stop, "capacity": capacity}
    inputs = [t_starts, t_ends, sigmas, packed_info]
    packed, totals = code_op("ray_compact", [(n, 2), (2,)], ["int32", "int32"], inputs, _COUNT, data)
    kept, wanted = read_totals(totals, max_samples)
    if kept == 0:
        return PackedIntervals.empty(n, wanted)
    shapes, dtypes = [(kept,)] * 3, ["float32", "float32", "int32"]
    out = code_op("ray_compact", shapes, dtypes, [t_starts, t_ends, packed_info, packed], _WRITE)
    starts, ends, ray_indices = (v.stop_grad() for v in out)
    return PackedIntervals(starts, ends, ray_indices, packed.stop_grad(), wanted)
