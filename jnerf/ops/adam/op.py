"""Jittor ops for Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) in one pass over memory.

The update of an entry with gradient g at its t-th step is::

    m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
    p = p - lr * c(t) * m / (sqrt(v) + eps),   c(t) = sqrt(1 - b2^t) / (1 - b1^t)

``eps`` is not bias-corrected. All state is written in place: whoever reads the old values must be
synced before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import jittor as jt
import numpy as np

from jnerf.ops.common import code_op
from jnerf.ops.common.slots import AT_ONCE, check_slot
from jnerf.ops.half_copy import STORED, current

# b2 = 0.99999 needs 1.7 million entries (7 MB); nearer to 1 the table would outgrow its use.
_LARGEST_BETA = 0.99999


def bias_correction(step: int, betas: tuple[float, float]) -> float:
    """The factor ``sqrt(1 - b2^t) / (1 - b1^t)`` of the ``step``-th update, ``step`` >= 1.

    >>> round(bias_correction(2, (0.9, 0.99)), 6)
    0.74246
    """
    return math.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step)


def bias_correction_table(betas: tuple[float, float]) -> np.ndarray:
    """The factors of every step until both powers have vanished in float32; the last entry is 1.

    Args:
        betas: decay of the first and second moment, each in [0, 0.99999].

    Returns:
        float32 [T]: entry t belongs to the t-th update, later ones use entry T - 1; 0 is unused.

    Raises:
        ValueError: a beta is out of range.

    >>> len(bias_correction_table((0.9, 0.99)))
    1658
    """
    for beta in betas:
        if not 0 <= beta <= _LARGEST_BETA:
            raise ValueError(
                f"Adam: betas are {tuple(betas)}; each must be in [0, {_LARGEST_BETA}]"
            )
    slowest = max(*betas, 1e-7)
    length = math.ceil(24 * math.log(2) / -math.log(slowest)) + 2  # slowest^t < 2^-24
    steps = np.arange(1, length, dtype=np.float64)
    factors = np.sqrt(1 - betas[1] ** steps) / (1 - betas[0] ** steps)
    factors[-1] = 1
    return np.concatenate([[1.0], factors]).astype(np.float32)


def _decays(betas: tuple[float, float]) -> dict[str, float]:
    b1, b2 = betas
    return {"b1": b1, "c1": 1 - b1, "b2": b2, "c2": 1 - b2}


def _rule(i: int | str = "") -> str:
    """The rule with the ``i``-th rate and epsilon of ``data``."""
    keys = f"rate{i}", "b1", "c1", "b2", "c2", f"eps{i}"
    return "jnerf::AdamRule{" + ", ".join(f'(float)data["{key}"]' for key in keys) + "}"


class AdamNumbers(NamedTuple):
    """What one parameter is updated with.

    Attributes:
        step: number of its update, 1 for the first.
        lr: learning rate.
        eps: added to the root of the second moment.
        weight_decay: l2 coefficient: ``weight_decay * param`` is added to the gradient.
    """

    step: int
    lr: float
    eps: float = 1e-15
    weight_decay: float = 0.0


def adam_dense(
    params: Sequence[jt.Var],
    grads: Sequence[jt.Var],
    m: Sequence[jt.Var],
    v: Sequence[jt.Var],
    numbers: Sequence[AdamNumbers],
    betas: tuple[float, float] = (0.9, 0.99),
) -> None:
    """Updates every entry of all ``params, m, v`` in place, in one kernel for eight parameters.

    Args:
        params: parameters, float32 of any shape.
        grads: their gradients, each with the number of elements of its parameter.
        m: first moments, likewise.
        v: second moments, likewise.
        numbers: what each is updated with.
        betas: decay of the moments.

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    slots = list(zip(params, grads, m, v, numbers, strict=True))
    for param, grad, mean, square, _ in slots:
        check_slot("adam_dense", param, {"param": param, "grad": grad, "m": mean, "v": square})
    for i in range(0, len(slots), AT_ONCE):
        _update(slots[i : i + AT_ONCE], betas)


def _update(slots: Sequence[tuple], betas: tuple[float, float]) -> None:
    """The slots of one kernel."""
    data = _decays(betas)
    for i, (_, _, _, _, (step, lr, eps, decay)) in enumerate(slots):
        data[f"rate{i}"] = lr * bias_correction(step, betas)
        data[f"eps{i}"], data[f"decay{i}"] = eps, decay
    outputs = [var for param, _, mean, square, _ in slots for var in (param, mean, square)]
    grads = [slot[1] for slot in slots]
    code_op("adam", None, None, grads, _dense_source(len(slots)), data, outputs=outputs)


@cache
def _dense_source(n: int) -> str:
    return "".join(
        f'jnerf::adam_dense(in{i}->num, {_rule(i)}, (float)data["decay{i}"], in{i}_p, '
        f"out{3 * i}_p, out{3 * i + 1}_p, out{3 * i + 2}_p);\n"
        for i in range(n)
    )


def adam_sparse(
    param: jt.Var,
    grad: jt.Var,
    m: jt.Var,
    v: jt.Var,
    counts: jt.Var,
    table: jt.Var,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.99),
    eps: float = 1e-15,
) -> None:
    """Updates in place the entries whose gradient is not zero; the others keep all their state.

    A copy of the parameter in 16 bits (``jnerf.ops.half_copy``) is kept up to date in the same pass.

    Args:
        param: parameter, float32 of any shape.
        grad: its gradient, same number of elements. NaN counts as not zero.
        m: first moment, likewise.
        v: second moment, likewise.
        counts: updates that each entry has had, int32, likewise.
        table: ``bias_correction_table(betas)`` as a Var.
        lr: learning rate.
        betas: decay of the moments.
        eps: added to the root of the second moment.

    Raises:
        ValueError: sizes or dtypes disagree.
    """
    check_slot("adam_sparse", param, {"param": param, "grad": grad, "m": m, "v": v, "counts": counts})
    copy, outputs = current(param), [param, m, v, counts]
    if copy is not None:
        outputs.append(copy.var)
    source = _sparse_source(None if copy is None else copy.precision)
    data = {**_decays(betas), "rate": lr, "eps": eps}
    code_op("adam", None, None, [grad, table], source, data, outputs=outputs)
    if copy is not None:
        copy.follow(param)


@cache
def _sparse_source(precision: str | None) -> str:
    stored = STORED[precision] if precision else ""
    copy = f", jnerf::HalfCopyOf<{stored}>{{({stored}*)out4_p}}" if precision else ""
    return (
        f"jnerf::adam_sparse(in0->num, {_rule()},"
        f" in0_p, in1_p, (int)in1->num - 1, out0_p, out1_p, out2_p, out3_p{copy});"
    )
