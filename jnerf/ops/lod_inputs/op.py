"""Jittor op of what the networks of levels of detail see: position and summed features, all levels in one kernel."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

MOST_LODS = 16


def _pointers(lods: Sequence[int], levels: int, names: Sequence[str]) -> str:
    by_lod = dict(zip(lods, names, strict=True))
    return "{" + ", ".join(by_lod.get(lod, "nullptr") for lod in range(levels)) + "}"


class _LodInputs(Function):
    def execute(self, unit, features, lods):
        self.shapes, self.lods = [unit.shape, features.shape], lods
        levels, n, width = features.shape
        rows = _pointers(lods, levels, [f"out{k}_p" for k in range(len(lods))])
        source = (
            "jnerf::lod_each(in0_shape0, jnerf::LodInputs{in0_p, in1_p, in0_shape0, in1_shape2, "
            f"in1_shape0, {rows}}});"
        )
        shapes = [(n, 3 + width)] * len(lods)
        dtypes = ["float32"] * len(lods)
        return code_op("lod_inputs", shapes, dtypes, [unit, features], source)

    def grad(self, *grads):
        inputs = [nothing(ndim=2) if grad is None else grad for grad in grads]
        data = {f"given{k}": grad is not None for k, grad in enumerate(grads)}
        names = [f'data["given{k}"] != 0 ? in{k}_p : nullptr' for k in range(len(grads))]
        rows = _pointers(self.lods, self.shapes[1][0], names)
        source = (
            "jnerf::lod_each(out0_shape0, jnerf::LodInputsGrad{out0_shape0, out1_shape2, out1_shape0, out0_p, "
            f"out1_p, {rows}}});"
        )
        return *code_op("lod_inputs", self.shapes, ["float32"] * 2, inputs, source, data), None


def lod_inputs(unit: jt.Var, features: jt.Var, lods: Sequence[int]) -> list[jt.Var]:
    """For some levels of detail, the position and the sum of the features of levels 0 .. lod; differentiable once.

    Args:
        unit: positions, float32 [S, 3].
        features: of each level, float32 [L, S, F], L at most 16.
        lods: ascending, each 0 .. L - 1.

    Returns:
        float32 [S, 3 + F] for each of ``lods``.

    Raises:
        ValueError: shapes do not fit together, or a level is not there.
    """
    lods, shape = tuple(lods), list(features.shape)
    fits = len(shape) == 3 and list(unit.shape) == [shape[1], 3] and 1 <= shape[0] <= MOST_LODS
    if not fits or not lods or not 0 <= min(lods) <= max(lods) < shape[0]:
        raise ValueError(
            f"lod_inputs: positions {list(unit.shape)}, features {shape} and levels {list(lods)}; give [S, 3], "
            f"[L, S, F] with at most {MOST_LODS} levels, and some of these"
        )
    if shape[1] == 0:
        return [jt.zeros((0, 3 + shape[2])) for _ in lods]
    return list(_LodInputs()(unit, features, lods))
