"""Jittor op that sums arrays as wholes, in double and always in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_MOST = 8  # arrays in one kernel: its MAX_SUMMED
_SCRATCH = _MOST + 2 + 2 * 512  # its SUM_SCRATCH

Kind = Literal["value", "magnitude", "square", "entropy", "rest_entropy"]
_KINDS = {"value": 0, "magnitude": 1, "square": 2, "entropy": 3, "rest_entropy": 4}


@cache
def _sources(n: int) -> tuple[str, str]:
    """Of n arrays, behind which ``live`` is handed over; backward, behind it the gradient and the scratch."""
    lists = ["in{k}_p", "in{k}->num", '(float)data["w{k}"]', '(int)data["f{k}"]']
    fields = ", ".join("{" + ", ".join(item.format(k=k) for k in range(n)) + "}" for item in lists)
    live = f'data["lives"] != 0 ? in{n}_p : nullptr, in{n}->num'
    rest = '(float)data["longest"], out1_p, out0_p'
    forward = f"jnerf::weighted_sum({{{n}, {fields}, {live}, {rest}}});"
    n_live = f'data["lives"] != 0 ? in{n}->num : 0'
    backward = " ".join(
        f'jnerf::weighted_sum_backward(out{k}->num, {{(int)data["f{k}"], in{k}_p, in{n + 1}_p, in{n + 2}_p, '
        f'(float)data["w{k}"], {n_live}, out{k}_p}});'
        for k in range(n)
    )
    return forward, backward


class _WeightedSum(Function):
    def execute(self, live, data, *arrays):
        self.saved, self.data = [*arrays, nothing() if live is None else live], data
        source = _sources(len(arrays))[0]
        shapes = [(1,), (_SCRATCH,)]
        found = code_op("weighted_sum", shapes, ["float32"] * 2, self.saved, source, data)
        self.scratch = found[1]
        return found[0]

    def grad(self, grad):
        arrays = self.saved[:-1]
        inputs, shapes = [*self.saved, grad, self.scratch], [array.shape for array in arrays]
        source, dtypes = _sources(len(arrays))[1], ["float32"] * len(arrays)
        return None, None, *code_op("weighted_sum", shapes, dtypes, inputs, source, self.data)


def weighted_sum(
    arrays: Sequence[jt.Var],
    weights: Sequence[float],
    live: jt.Var | None = None,
    kinds: Kind | Sequence[Kind] = "value",
) -> jt.Var:
    """``sum_k weights[k] sum_i f_k(arrays[k][i])``, divided by the mean of ``live``; differentiable once.

    Args:
        arrays: at least one, float32 of any shapes; of one without elements the sum is 0.
        weights: one for each.
        live: of rays, 1 for those that count, else 0, float32 [R, 1]: means over all rays become means over those that
            count, where values of the others are 0. None: all count.
        kinds: f, the same for all arrays or one for each: the "value" x, its "magnitude" |x|, its "square", the
            "entropy" -x log(x + 1e-10), or the "rest_entropy", that of max(1 - x, 0).

    Returns:
        float32 [1].

    Raises:
        ValueError: there is no array, weights or kinds are not as many, or a kind is unknown.

    >>> weighted_sum([jt.ones((2, 3)), jt.array([5.0])], [1 / 6, 2.0]).item()
    11.0
    """
    arrays, weights = list(arrays), list(weights)
    kinds = [kinds] * len(arrays) if isinstance(kinds, str) else list(kinds)
    if not arrays or not len(weights) == len(kinds) == len(arrays):
        raise ValueError(
            f"weighted_sum: {len(arrays)} arrays, {len(weights)} weights and {len(kinds)} kinds; give at least one "
            "array, and a weight for each"
        )
    unknown = [kind for kind in kinds if kind not in _KINDS]
    if unknown:
        raise ValueError(f"weighted_sum: kind is {unknown[0]!r}; choose one of {', '.join(_KINDS)}")
    # Jittor takes no array without elements; its part of the sum is 0
    given = [x for x in zip(arrays, weights, kinds, strict=True) if x[0].numel() > 0]
    return _sum(given, live, 0.0) if given else jt.zeros((1,))


def clip_factor(arrays: Sequence[jt.Var], longest: float) -> jt.Var:
    """What arrays that together are longer than ``longest`` are multiplied with: ``min(longest / norm, 1)``.

    Args:
        arrays: at least one, float32 of any shapes.
        longest: above 0.

    Returns:
        float32 [1], without gradient; NaN where an element is.

    Raises:
        ValueError: there is no array with elements, or the length is not above 0.
    """
    given = [(array, 1.0, "square") for array in arrays if array.numel() > 0]
    if not given or not longest > 0:
        raise ValueError(
            f"clip_factor: {len(given)} arrays with elements and a length of {longest}; give at least one, and more "
            "than 0"
        )
    with jt.no_grad():
        return _sum(given, None, longest).stop_grad()


def _sum(given: list[tuple[jt.Var, float, Kind]], live: jt.Var | None, longest: float) -> jt.Var:
    """Of (array, weight, kind), all with elements; with ``longest`` see ``clip_factor``."""
    while len(given) > _MOST:
        given = [(_sum(given[:_MOST], None, 0.0), 1.0, "value"), *given[_MOST:]]
    data: dict[str, float] = {"lives": live is not None, "longest": longest}
    for k, (_, weight, kind) in enumerate(given):
        data |= {f"w{k}": weight, f"f{k}": _KINDS[kind]}
    return _WeightedSum()(live, data, *(array for array, *_ in given))
