"""Jittor ops of low-rank grids (TensoRF, Chen et al. 2022, https://arxiv.org/abs/2203.09517)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.factor_interp.reference import SPLITS

_SIZE = '{(int)data["x"], (int)data["y"], (int)data["z"]}'


def _factors(kind: str, first: int) -> str:
    """The struct of the tables, which begin at input ``first``."""
    if kind == "PlaneLine":
        widths = '{(int)data["c0"], (int)data["c1"], (int)data["c2"]}'
        tables = ", ".join(f"{{in{first + m}_p, in{first + 3 + m}_p}}" for m in range(3))
    else:
        widths = '{(int)data["c0"]}'
        tables = "{" + ", ".join(f"in{first + k}_p" for k in range(3)) + "}"
    return f"jnerf::Factors<jnerf::{kind}>{{{_SIZE}, {widths}, {{{tables}}}}}"


def _sources(kind: str, n_tables: int) -> tuple[str, str, str]:
    """Forward, gradient of the tables, gradient of the positions."""
    summed, n = 'data["summed"] != 0', '(int64_t)data["n"]'
    look = (
        f"jnerf::factor_look({n}, jnerf::FactorLook<jnerf::{kind}>{{{_factors(kind, 1)}, in0_p,"
        f" out0_p, {summed}}});"
    )
    if kind == "PlaneLine":
        out = ", ".join(f"{{out{m}_p, out{3 + m}_p}}" for m in range(3))
    else:
        out = "{" + ", ".join(f"out{k}_p" for k in range(n_tables)) + "}"
    push = (
        f"jnerf::factor_push({n}, jnerf::FactorGrad<jnerf::{kind}>{{{_factors(kind, 2)}, in0_p,"
        f" in1_p, {summed}, {{{out}}}}});"
    )
    pull = (
        f"jnerf::factor_pull({n}, jnerf::FactorPull<jnerf::{kind}>{{{_factors(kind, 2)}, in0_p,"
        f" in1_p, out0_p, {summed}}});"
    )
    return look, push, pull


_SOURCES = {"PlaneLine": _sources("PlaneLine", 6), "ThreeLines": _sources("ThreeLines", 3)}


class _FactorInterp(Function):
    def execute(self, positions, kind, data, wants_x, wants_tables, known, *tables):
        self.positions, self.tables, self.kind, self.data = positions, list(tables), kind, data
        self.wants_x, self.wants_tables = wants_x, wants_tables
        if known is not None:
            return known
        n, width = data["n"], data["c0"] + data["c1"] + data["c2"]
        shape, inputs = (n,) if data["summed"] else (n, width), [positions, *tables]
        return code_op("factor_interp", [shape], ["float32"], inputs, _SOURCES[kind][0], data)[0]

    def grad(self, grad):
        inputs = [self.positions, grad, *self.tables]
        _, push, pull = _SOURCES[self.kind]
        shapes, grads, grad_x = [t.shape for t in self.tables], [None] * len(self.tables), None
        if self.wants_tables:
            dtypes = ["float32"] * len(shapes)
            grads = code_op("factor_interp", shapes, dtypes, inputs, push, self.data)
        if self.wants_x:
            where = [self.positions.shape], ["float32"]
            grad_x = code_op("factor_interp", *where, inputs, pull, self.data)[0]
        return grad_x, None, None, None, None, None, *grads


def vm_interp(
    positions: jt.Var,
    planes: Sequence[jt.Var],
    lines: Sequence[jt.Var],
    summed: bool = False,
    known: jt.Var | None = None,
) -> jt.Var:
    """Planes times lines: ``plane_m,r(x_a, x_b) * line_m,r(x_c)`` for the splits (x, y | z), (x, z | y), (y, z | x).

    Planes are interpolated bilinearly, lines linearly. Coordinate 0 is the outermost vertex of an axis and 1 the last;
    positions outside are moved to the nearest face, with zero gradient across it. On the CPU some components of a mode
    belong to one thread, which adds the samples in their order: the result is the same for any thread count.

    Args:
        positions: in [0, 1]^3, float32 [S, 3].
        planes: float32 [gy, gx, C1], [gz, gx, C2], [gz, gy, C3], at least 2 vertices per axis.
        lines: float32 [gz, C1], [gy, C2], [gx, C3].
        summed: all components are added up, and no array of them is written.
        known: what an earlier call gave for the same arguments: it is returned, with the gradients of a call.

    Returns:
        float32 [S, C1 + C2 + C3], or with ``summed`` [S]; NaN where a position is NaN. Gradients go to the tables,
        and to positions unless they are ``stop_grad``.

    Raises:
        ValueError: shapes or dtypes do not fit together.

    >>> one, two = jt.ones((2, 2, 1)), jt.array([[0.0], [2.0]])
    >>> vm_interp(jt.array([[0.5, 0.5, 0.25]]), [one] * 3, [two] * 3).numpy().tolist()
    [[0.5, 1.0, 1.0]]
    """
    if len(planes) != 3 or len(lines) != 3:
        raise ValueError(f"vm_interp: {len(planes)} planes and {len(lines)} lines; give 3 of each")
    sizes = [lines[2 - d].shape[0] for d in range(3)]
    for number, (((a, b), c), plane, line) in enumerate(zip(SPLITS, planes, lines, strict=True)):
        width = line.shape[-1]
        _check("vm_interp", f"plane {number}", plane, [sizes[b], sizes[a], width])
        _check("vm_interp", f"line {number}", line, [sizes[c], width])
    widths = [line.shape[1] for line in lines]
    return _interp("vm_interp", "PlaneLine", positions, [*planes, *lines], sizes, widths, summed, known)  # fmt: skip


def cp_interp(
    positions: jt.Var, lines: Sequence[jt.Var], summed: bool = False, known: jt.Var | None = None
) -> jt.Var:
    """Products of three lines: ``x_r(x) * y_r(y) * z_r(z)``; see ``vm_interp``.

    Args:
        positions: in [0, 1]^3, float32 [S, 3].
        lines: float32 [gx, C], [gy, C], [gz, C], at least 2 vertices each.
        summed: all components are added up, and no array of them is written.
        known: see ``vm_interp``.

    Returns:
        float32 [S, C], or with ``summed`` [S].

    Raises:
        ValueError: shapes or dtypes do not fit together.

    >>> line = jt.array([[0.0], [2.0]])
    >>> cp_interp(jt.array([[0.5, 0.5, 0.25]]), [line] * 3).numpy().tolist()
    [[0.5]]
    """
    if len(lines) != 3:
        raise ValueError(f"cp_interp: {len(lines)} lines; give 3")
    sizes = [line.shape[0] for line in lines]
    for number, line in enumerate(lines):
        _check("cp_interp", f"line {number}", line, [sizes[number], lines[0].shape[-1]])
    widths = [lines[0].shape[1], 0, 0]
    return _interp("cp_interp", "ThreeLines", positions, list(lines), sizes, widths, summed, known)


def _interp(
    owner: str,
    kind: str,
    positions: jt.Var,
    tables: list[jt.Var],
    sizes: Sequence[int],
    widths: Sequence[int],
    summed: bool,
    known: jt.Var | None,
) -> jt.Var:
    """The checked call of an op; an empty batch needs no kernel."""
    if positions.ndim != 2 or positions.shape[1] != 3 or positions.dtype != "float32":
        raise ValueError(
            f"{owner}: positions are {positions.dtype} {list(positions.shape)}; give float32 [S, 3]"
        )
    n = positions.shape[0]
    shape = [n] if summed else [n, sum(widths)]
    if known is not None and list(known.shape) != shape:
        raise ValueError(f"{owner}: known is {list(known.shape)}; the result is {shape}")
    if n == 0:
        return jt.zeros(shape)
    data = dict(zip("xyz", sizes, strict=True)) | {f"c{m}": w for m, w in enumerate(widths)}
    data |= {"n": n, "summed": int(summed)}
    # asked here: inside a Function every input is detached
    wanted = not positions.is_stop_grad(), not all(table.is_stop_grad() for table in tables)
    return _FactorInterp()(positions, kind, data, *wanted, known, *tables)


def _check(owner: str, name: str, table: jt.Var, shape: Sequence[int]) -> None:
    if list(table.shape) != list(shape) or min(shape[:-1]) < 2 or table.dtype != "float32":
        raise ValueError(
            f"{owner}: {name} is {table.dtype} {list(table.shape)}; needed is float32 {list(shape)} with at least 2 "
            "vertices per axis"
        )
