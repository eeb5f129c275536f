"""Jittor ops of rows by their numbers, and of sums of rows: each is the other's gradient."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op

_ADD = """
jnerf::add_rows(in1->num, in0_p, in1_p, in0->num / in1->num, out0->shape[0], out0_p);
"""


def _picked(arrays: Sequence[jt.Var], rows: jt.Var) -> list[jt.Var]:
    last = len(arrays)
    source = "".join(
        f"jnerf::pick_rows(in{last}->num, in{i}_p, in{last}_p, out{i}->num / in{last}->num, out{i}_p);\n"
        for i in range(last)
    )
    shapes = [(rows.shape[0], *array.shape[1:]) for array in arrays]
    dtypes = [str(array.dtype) for array in arrays]
    return code_op("pick_rows", shapes, dtypes, [*arrays, rows], source)


def _added(values: jt.Var, rows: jt.Var, n: int) -> jt.Var:
    shape = (n, *values.shape[1:])
    return code_op("pick_rows", [shape], ["float32"], [values, rows], _ADD)[0]


class _PickRows(Function):
    def execute(self, rows, *arrays):
        self.rows, self.sizes = rows, [array.shape[0] for array in arrays]
        return _picked(arrays, rows)

    def grad(self, *grads):
        given = zip(grads, self.sizes, strict=True)
        return None, *(None if g is None else _added(g, self.rows, n) for g, n in given)


class _AddRows(Function):
    def execute(self, values, rows, n):
        self.rows = rows
        return _added(values, rows, n)

    def grad(self, grad):
        return _picked([grad], self.rows)[0], None, None


def pick_rows(arrays: Sequence[jt.Var], rows: jt.Var) -> list[jt.Var]:
    """Row ``rows[k]`` of each array for every k, in one kernel; differentiable once in arrays of float32.

    On the CPU gradients are summed in the order of k, for any number of threads.

    Args:
        arrays: float32 or int32, [V, ...] each; V may differ.
        rows: their numbers, from 0 to V - 1, in any order and as often as one likes, int32 [K].

    Returns:
        [K, ...] each.

    Raises:
        ValueError: an array has no axis, elements of another type, or no row though one is asked for.

    >>> values, ids = pick_rows([jt.array([[1.0], [2.0]]), jt.array([5, 6])], jt.array([1, 1, 0]))
    >>> values.numpy().ravel().tolist(), ids.numpy().tolist()
    ([2.0, 2.0, 1.0], [6, 6, 5])
    """
    arrays = list(arrays)
    _check("pick_rows", rows)
    k = rows.shape[0]
    for array in arrays:
        if array.ndim < 1 or array.dtype not in ("float32", "int32") or (k and not array.shape[0]):
            raise ValueError(
                f"pick_rows: {k} rows of {array.dtype} {list(array.shape)}; give float32 or int32 with at least a row"
            )
    if k == 0:
        return [jt.zeros((0, *array.shape[1:]), array.dtype) for array in arrays]
    return list(_PickRows()(rows, *arrays))


def add_rows(values: jt.Var, rows: jt.Var, n: int) -> jt.Var:
    """Row r is the sum of ``values[k]`` over all k with ``rows[k] == r``; differentiable once in ``values``.

    Args:
        values: float32 [K, ...].
        rows: from 0 to n - 1, int32 [K].
        n: rows of the result.

    Returns:
        float32 [n, ...], 0 in rows that nothing is added to.

    Raises:
        ValueError: there are not as many values as rows.

    >>> add_rows(jt.array([[1.0], [2.0], [4.0]]), jt.array([2, 0, 2]), 3).numpy().ravel().tolist()
    [2.0, 0.0, 5.0]
    """
    _check("add_rows", rows)
    if values.dtype != "float32" or values.shape[0] != rows.shape[0]:
        raise ValueError(
            f"add_rows: values are {values.dtype} {list(values.shape)} and rows {rows.shape[0]}; give float32 [K, ...] "
            "and as many rows"
        )
    if values.numel() == 0 or n == 0:
        return jt.zeros((n, *values.shape[1:]))
    return _AddRows()(values, rows, n)


def _check(name: str, rows: jt.Var) -> None:
    if rows.ndim != 1 or rows.dtype != "int32":
        raise ValueError(f"{name}: rows are {rows.dtype} {list(rows.shape)}; give int32 [K]")
