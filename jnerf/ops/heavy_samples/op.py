"""Jittor op that lists the samples whose weight exceeds a bound."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.intervals import read_totals

_WEIGHTS = '{in0_p, in1_p, in2_p, in3_p, (float)data["least"]}'
_COUNT = f"jnerf::heavy_count(in3->shape[0], {{{_WEIGHTS}, out0_p}}, out1_p);"
_WRITE = f"jnerf::heavy_write(in3->shape[0], {{{_WEIGHTS}, in4_p, out0_p}});"


def heavy_samples(
    sigmas: jt.Var, t_starts: jt.Var, t_ends: jt.Var, packed_info: jt.Var, least: float
) -> tuple[jt.Var, jt.Var]:
    """Rows of the samples that weigh more than ``least`` when their ray is rendered, ascending; without gradient.

    The weight is ``T_i (1 - exp(-sigma_i dt_i))``, T the transmittance of the samples before. How many there are is
    read back from the device.

    Args:
        sigmas: densities, float32 [S].
        t_starts: starts of the intervals, float32 [S].
        t_ends: their ends, float32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        least: of the weights, from 0 on.

    Returns:
        int32 [K], and (first, count) of each ray in it, int32 [R, 2].

    Raises:
        ValueError: shapes do not fit together, or the bound is negative.

    >>> info = jt.array([[0, 3]])
    >>> rows, _ = heavy_samples(jt.array([0.0, 9.0, 9.0]), jt.zeros(3), jt.ones(3), info, 0.01)
    >>> rows.numpy().tolist()
    [1]
    """
    n = sigmas.shape[0]
    lengths = t_starts.shape[0], t_ends.shape[0]
    if lengths != (n, n) or packed_info.ndim != 2 or packed_info.shape[1] != 2 or not least >= 0:
        raise ValueError(
            f"heavy_samples: {n} densities, {lengths[0]} starts, {lengths[1]} ends, packed_info "
            f"{list(packed_info.shape)} and the bound {least}; give [S] three times, [R, 2] and a number from 0 on"
        )
    rays = packed_info.shape[0]
    if n == 0 or rays == 0:
        return _no_rows(), jt.zeros((rays, 2), dtype="int32").stop_grad()
    inputs, data = [sigmas, t_starts, t_ends, packed_info], {"least": least}
    shapes, dtypes = [(rays, 2), (2,)], ["int32", "int32"]
    packed, totals = code_op("heavy_samples", shapes, dtypes, inputs, _COUNT, data)
    kept, _ = read_totals(totals, None)
    if kept == 0:
        return _no_rows(), packed.stop_grad()
    where = [(kept,)], ["int32"], [*inputs, packed]
    rows = code_op("heavy_samples", *where, _WRITE, data)[0]
    return rows.stop_grad(), packed.stop_grad()


def _no_rows() -> jt.Var:
    return jt.zeros((0,), dtype="int32").stop_grad()
