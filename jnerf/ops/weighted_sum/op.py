"""Jittor op that sums arrays as wholes, in double and always in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing

_MOST = 8  # arrays in one kernel: its MAX_SUMMED


@cache
def _sources(n: int) -> tuple[str, str]:
    """Of n arrays, behind which ``live`` is handed over; backward, behind it the gradient and partial sums."""
    pointers = ", ".join(f"in{k}_p" for k in range(n))
    sizes = ", ".join(f"in{k}->num" for k in range(n))
    weights = ", ".join(f'(float)data["w{k}"]' for k in range(n))
    live = f'data["lives"] != 0 ? in{n}_p : nullptr, in{n}->num'
    forward = f"jnerf::weighted_sum({{{n}, {{{pointers}}}, {{{sizes}}}, {{{weights}}}, {live}, out1_p, out0_p}});"
    shared = f'data["lives"] != 0 ? in{n}->num : 0'
    backward = " ".join(
        f"jnerf::weighted_sum_backward(out{k}->num, "
        f'{{in{n + 1}_p, in{n + 2}_p, (float)data["w{k}"], {shared}, out{k}_p}});'
        for k in range(n)
    )
    return forward, backward


class _WeightedSum(jt.Function):
    def execute(self, live, data, *arrays):
        n = len(arrays)
        self.saved = [*arrays, nothing() if live is None else live]
        self.data, shapes = data, [(1,), (_MOST + 1,)]
        found = code_op("weighted_sum", shapes, ["float32"] * 2, self.saved, _sources(n)[0], data)
        self.parts = found[1]
        return found[0]

    def grad(self, grad):
        arrays = self.saved[:-1]
        inputs, shapes = [*self.saved, grad, self.parts], [array.shape for array in arrays]
        dtypes = ["float32"] * len(arrays)
        source = _sources(len(arrays))[1]
        return None, None, *code_op("weighted_sum", shapes, dtypes, inputs, source, self.data)


def weighted_sum(
    arrays: Sequence[jt.Var], weights: Sequence[float], live: jt.Var | None = None
) -> jt.Var:
    """``sum_k weights[k] sum(arrays[k])``, divided by the mean of ``live``. Differentiable once, in the arrays.

    Args:
        arrays: at least one, float32 of any shapes; of one without elements the sum is 0.
        weights: one for each.
        live: of rays, 1 for those that count, else 0, float32 [R, 1]: means over all rays become means over those that
            count, where values of the others are 0. None: all count.

    Returns:
        float32 [1].

    Raises:
        ValueError: there is no array, or weights are not as many.

    >>> weighted_sum([jt.ones((2, 3)), jt.array([5.0])], [1 / 6, 2.0]).item()
    11.0
    """
    arrays, weights = list(arrays), list(weights)
    if not arrays or len(weights) != len(arrays):
        raise ValueError(
            f"weighted_sum: {len(arrays)} arrays and {len(weights)} weights; give at least one array, and a weight for "
            "each"
        )
    # Jittor takes no array without elements; its part of the sum is 0
    pairs = [(a, w) for a, w in zip(arrays, weights, strict=True) if a.numel() > 0]
    if not pairs:
        return jt.zeros((1,))
    while len(pairs) > _MOST:
        first, pairs = pairs[:_MOST], pairs[_MOST:]
        pairs = [(weighted_sum(*zip(*first, strict=True)), 1.0), *pairs]
    data = {f"w{k}": weight for k, (_, weight) in enumerate(pairs)} | {"lives": live is not None}
    return _WeightedSum()(live, data, *(array for array, _ in pairs))
