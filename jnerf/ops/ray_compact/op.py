"""Jittor op that keeps the leading samples of each ray until its transmittance is used up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import PackedIntervals, check_budget, read_totals

# (t_starts [W], t_ends [W], ray_indices [W]) -> densities [W]
SigmaFn = Callable[[jt.Var, jt.Var, jt.Var], jt.Var]

_FIRST_WINDOW = 8

_PICK = """
jnerf::ray_compact_pick(in1->num, jnerf::RayCompactPick{in0_p, in1_p, in2_p, (int)data["looked"],
    (int)data["length"], (float)data["early_stop"], out0_p}, out1_p);
"""
_ADVANCE = """
jnerf::ray_compact_advance(in4->num, jnerf::RayCompactAdvance{in0_p, in1_p, in2_p, in3_p, in4_p, in5_p,
    (float)data["early_stop"], out0_p, out1_p});
"""
_COUNT = """
jnerf::ray_compact_count(in0->num, jnerf::RayCompactCount{in0_p, out0_p}, (int64_t)data["capacity"], out1_p);
"""
_WRITE = """
jnerf::ray_compact_write(in2->num / 2,
    jnerf::RayCompactWrite{in0_p, in1_p, in2_p, in3_p, (int)data["skip"], out0_p, out1_p, out2_p});
"""


def windows(longest: int, first: int = _FIRST_WINDOW) -> Iterator[tuple[int, int]]:
    """(samples before, length) of the windows that cover a ray of ``longest`` samples.

    Each is half as long as all before it, at least ``first``: few rounds, and at most about half as many
    densities again as there are visible samples.

    >>> list(windows(30, first=8))
    [(0, 8), (8, 8), (16, 8), (24, 12)]
    """
    looked = 0
    while looked < longest:
        length = max(first, looked // 2)
        yield looked, length
        looked += length


def ray_compact(
    t_starts: jt.Var,
    t_ends: jt.Var,
    packed_info: jt.Var,
    sigma_fn: SigmaFn,
    early_stop: float = 1e-4,
    max_samples: int | None = None,
    longest: int = 1024,
    first_window: int = _FIRST_WINDOW,
) -> PackedIntervals:
    """Keeps sample i of a ray while T_i = prod_{j<i} exp(-sigma_j (t_end_j - t_start_j)) >= ``early_stop``.

    The sample that uses the transmittance up is kept, those behind it are not (Instant-NGP, appendix E). The
    density is asked in windows along the rays, only of rays that are still transparent.

    Args:
        t_starts: interval starts, float32 [S].
        t_ends: interval ends, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        sigma_fn: called with (t_starts, t_ends, ray_indices) of W samples, gives their densities, float32 [W].
        early_stop: transmittance below which a ray ends; 0 keeps everything.
        max_samples: the first ray that would exceed it and all rays after get no sample, so rays must come
            in an order that has nothing to do with what they see.
        longest: at least the number of samples of every ray; samples beyond are dropped.
        first_window: samples per ray of the first window.

    Returns:
        The kept intervals; ``wanted`` counts those of the dropped rays too.

    Raises:
        ValueError: ``max_samples`` is out of range or the inputs' sizes differ.
    """
    n, capacity = packed_info.shape[0], check_budget(max_samples)
    if t_starts.shape[0] != t_ends.shape[0]:
        raise ValueError(f"t_starts {t_starts.shape} and t_ends {t_ends.shape} must both be [S]")
    if n == 0 or t_starts.shape[0] == 0:
        return PackedIntervals.empty(n)
    kept, trans = jt.zeros((n,), "int32"), jt.ones((n,), "float32")
    for looked, length in windows(longest, first_window):
        data = {"looked": looked, "length": length, "early_stop": early_stop}
        inputs = [packed_info, kept, trans]
        window, totals = code_op(
            "ray_compact", [(n, 2), (2,)], ["int32", "int32"], inputs, _PICK, data
        )
        size, _ = read_totals(totals, None)
        if size == 0:
            break
        starts, ends, ray_indices = _write(t_starts, t_ends, packed_info, window, size, looked)
        sigmas = sigma_fn(starts, ends, ray_indices)
        if list(sigmas.shape) != [size]:
            raise ValueError(f"sigma_fn gave {list(sigmas.shape)} densities for {size} samples")
        inputs = [starts, ends, sigmas, window, kept, trans]
        kept, trans = code_op(
            "ray_compact", [(n,), (n,)], ["int32", "float32"], inputs, _ADVANCE, data
        )
        jt.sync([kept, trans])  # frees what the field computed on the way
    packed, totals = code_op(
        "ray_compact", [(n, 2), (2,)], ["int32", "int32"], [kept], _COUNT, {"capacity": capacity}
    )
    size, wanted = read_totals(totals, max_samples)
    if size == 0:
        return PackedIntervals.empty(n, wanted)
    out = _write(t_starts, t_ends, packed_info, packed, size, 0)
    return PackedIntervals(*out, packed.stop_grad(), wanted)


def _write(
    t_starts: jt.Var, t_ends: jt.Var, packed_in: jt.Var, packed_out: jt.Var, size: int, skip: int
) -> list[jt.Var]:
    """Copies of the samples that ``packed_out`` counts, ``skip`` samples into each ray."""
    shapes, dtypes = [(size,)] * 3, ["float32", "float32", "int32"]
    inputs = [t_starts, t_ends, packed_in, packed_out]
    out = code_op("ray_compact", shapes, dtypes, inputs, _WRITE, {"skip": skip})
    return [v.stop_grad() for v in out]
