"""The yardsticks' kernels as calls from Python."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.hash_encode import HashGridLayout

# Beside the ops, not one of them; the path is relative to their folder.
_FOLDER = "../benchmark/yardstick"
_GRID = "jnerf::YardstickGrid grid{in0_p, in1_p, in2_p, (int64_t)(in0->num / 3), (int)(in1->num)};"


def copy(source: jt.Var) -> jt.Var:
    """A copy of float32 [n], n divisible by 4."""
    text = "jnerf::yardstick_copy(in0->num, in0_p, out0_p);"
    return code_op(_FOLDER, [source.shape], ["float32"], [source], text)[0]


def mix(source: jt.Var, target: jt.Var) -> None:
    """``target = (target + source) / 2`` in place, float32 [n] each, n divisible by 4."""
    text = "jnerf::yardstick_mix(in0->num, in0_p, out0_p);"
    target.update(code_op(_FOLDER, None, None, [source], text, outputs=[target])[0])


def nothing() -> jt.Var:
    """Writes one number: the cost of a call."""
    return code_op(_FOLDER, [(1,)], ["float32"], [], "jnerf::yardstick_nothing(out0_p);")[0]


def peak(low_precision: bool, rounds: int) -> jt.Var:
    """Multiply-adds in registers; float64 [2]: operations done, and with what (see ``peak_cpu.h``)."""
    text = 'jnerf::yardstick_peak(data["low"] != 0, (int64_t)data["rounds"], out0_p, out1_p);'
    data = {"low": low_precision, "rounds": rounds}
    return code_op(_FOLDER, [(1,), (2,)], ["float32", "float64"], [], text, data)[1]


def hash_forward(
    positions: jt.Var, table: jt.Var, scales: jt.Var, meta: jt.Var, layout: HashGridLayout
) -> jt.Var:
    """Features [L, S, 2] of positions; arguments as of ``jnerf.ops.hash_encode.hash_encode``."""
    text = f"{_GRID} jnerf::yardstick_hash_forward(grid, in3_p, out0_p);"
    shape = (layout.n_levels, positions.shape[0], 2)
    return code_op(_FOLDER, [shape], ["float32"], [positions, scales, meta, table], text)[0]


def hash_backward(
    positions: jt.Var, grad: jt.Var, scales: jt.Var, meta: jt.Var, grad_table: jt.Var
) -> None:
    """Adds the gradient of the features [L, S, 2] to ``grad_table`` in place."""
    text = f"{_GRID} jnerf::yardstick_hash_backward(grid, in3_p, out0_p);"
    inputs = [positions, scales, meta, grad]
    grad_table.update(code_op(_FOLDER, None, None, inputs, text, outputs=[grad_table])[0])


def adam(state: list[jt.Var]) -> None:
    """One step of dense Adam in place on [parameter, m, v, gradient], float32 [n] each."""
    text = 'jnerf::yardstick_adam(out0->num, (float)data["rate"], out0_p, out1_p, out2_p, out3_p);'
    one = jt.zeros((1,))
    results = code_op(_FOLDER, None, None, [one], text, {"rate": 1e-2}, outputs=state)
    for variable, result in zip(state, results, strict=True):
        variable.update(result)
