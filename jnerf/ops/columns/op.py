"""Jittor ops that put the columns of arrays side by side, and apart; one kernel, and one for gradients."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing


def _sources(n: int) -> tuple[str, str]:
    """Of n parts: to split, and to join, where a part may not be ``given``."""
    apart, together = [], []
    for i in range(n):
        place = f'(int64_t)data["first{i}"]'
        count = f'(int64_t)data["count{i}"]'
        apart.append(
            f"jnerf::copy_columns(in0_shape0, {{in0_p, in0_shape1, {place}, out{i}_p, {count}, 0, {count}}});"
        )
        part = f'data["given{i}"] != 0 ? in{i}_p : nullptr, {count}, 0'
        together.append(
            f"jnerf::copy_columns(out0_shape0, {{{part}, out0_p, out0_shape1, {place}, {count}}});"
        )
    return "\n".join(apart), "\n".join(together)


def _places(widths: Sequence[int]) -> dict[str, int]:
    data, first = {}, 0
    for i, width in enumerate(widths):
        data |= {f"first{i}": first, f"count{i}": width}
        first += width
    return data


def _split(x: jt.Var, widths: Sequence[int]) -> list[jt.Var]:
    shapes = [(x.shape[0], width) for width in widths]
    source = _sources(len(widths))[0]
    return code_op("columns", shapes, ["float32"] * len(widths), [x], source, _places(widths))


def _join(parts: Sequence[jt.Var | None], widths: Sequence[int]) -> jt.Var:
    n = next(part.shape[0] for part in parts if part is not None)
    data = _places(widths) | {f"given{i}": part is not None for i, part in enumerate(parts)}
    inputs = [nothing(ndim=2) if part is None else part for part in parts]
    source = _sources(len(widths))[1]
    return code_op("columns", [(n, sum(widths))], ["float32"], inputs, source, data)[0]


class _Split(Function):
    def execute(self, x, *widths):
        self.widths = widths
        return _split(x, widths)

    def grad(self, *grads):
        return _join(grads, self.widths), *[None] * len(self.widths)


class _Join(Function):
    def execute(self, *arrays):
        self.widths = [array.shape[1] for array in arrays]
        return _join(arrays, self.widths)

    def grad(self, grad):
        return tuple(_split(grad, self.widths))


def split_columns(x: jt.Var, widths: Sequence[int]) -> list[jt.Var]:
    """The first ``widths[0]`` columns, the next ``widths[1]`` ...; differentiable once.

    Args:
        x: float32 [S, C].
        widths: at least 1 each, C in all.

    Returns:
        float32 [S, widths[i]] each.

    Raises:
        ValueError: the widths are not those of the columns.

    >>> [part.numpy().tolist() for part in split_columns(jt.array([[1.0, 2.0, 3.0]]), [1, 2])]
    [[[1.0]], [[2.0, 3.0]]]
    """
    widths = [int(width) for width in widths]
    if x.ndim != 2 or not widths or min(widths) < 1 or sum(widths) != x.shape[1]:
        raise ValueError(
            f"split_columns: widths {widths} of {list(x.shape)}; give [S, C] and at least 1 each, C in all"
        )
    if x.shape[0] == 0:
        return [jt.zeros((0, width)) for width in widths]
    return [x] if len(widths) == 1 else list(_Split()(x, *widths))


def join_columns(arrays: Sequence[jt.Var]) -> jt.Var:
    """Arrays [S, C_i] side by side; differentiable once.

    Args:
        arrays: at least one, float32, of as many rows.

    Returns:
        float32 [S, C], C the sum of the widths.

    Raises:
        ValueError: there is no array, or their rows are not as many.

    >>> join_columns([jt.array([[1.0]]), jt.array([[2.0, 3.0]])]).numpy().tolist()
    [[1.0, 2.0, 3.0]]
    """
    arrays = list(arrays)
    shapes = [list(array.shape) for array in arrays]
    if not arrays or any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in shapes):
        raise ValueError(f"join_columns: shapes are {shapes}; give [S, C] each, at least one")
    if shapes[0][0] == 0 or len(arrays) == 1:
        return arrays[0] if len(arrays) == 1 else jt.zeros((0, sum(c for _, c in shapes)))
    return _Join()(*arrays)
