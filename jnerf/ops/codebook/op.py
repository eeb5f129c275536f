"""Jittor op of a codebook's look-up by logits, with straight-through gradients (VQAD, Takikawa et al. 2022).

https://arxiv.org/abs/2206.07707
"""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_BOOKS = """
const jnerf::Codebooks books{in0_p, in1_p, in2_p, (int)in2->num - 1, (int)in1->shape[1], (int)in1->shape[2]};
const int64_t n = in0->shape[0];
"""


class _Lookup(Function):
    def execute(self, logits, codebooks, row_starts):
        self.given = [logits, codebooks, row_starts]
        return _run(
            self.given, "values(n, books, out0_p)", [(logits.shape[0], codebooks.shape[2])]
        )[0]

    def grad(self, grad):
        shapes = [v.shape for v in self.given[:2]]
        call = "backward(n, books, (int)in1->shape[0], in3_p, out0_p, out1_p)"
        return *_run([*self.given, grad], call, shapes), None


def _run(given: list[jt.Var], call: str, shapes: list, dtype: str = "float32") -> list[jt.Var]:
    source = f"{_BOOKS}jnerf::codebook_{call};"
    return code_op("codebook", shapes, [dtype] * len(shapes), given, source)


def codebook_lookup(logits: jt.Var, codebooks: jt.Var, row_starts: jt.Var) -> jt.Var:
    """For each row the entry of its level's codebook that has the largest logit; of equal ones the first.

    The gradient is that of "hard + soft - stop(soft)": to the entries that were chosen, and to the logits as if the
    value were the mean of all entries, weighted by the softmax. On the CPU sums have a fixed order.

    Args:
        logits: float32 [V, K].
        codebooks: of each level, float32 [L, K, F]; those of levels without rows get no gradient.
        row_starts: the first row of each level, and V, int32 [L + 1]; of fewer levels, where the finest have no rows.

    Returns:
        float32 [V, F].

    Raises:
        ValueError: wrong shape or dtype.

    >>> books = jt.array([[[1.0], [2.0]], [[3.0], [4.0]]])
    >>> starts = jt.array([0, 1, 3])
    >>> codebook_lookup(jt.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]), books, starts).numpy().ravel().tolist()
    [2.0, 4.0, 3.0]
    """
    _check(logits, codebooks, row_starts)
    return _Lookup()(logits, codebooks, row_starts)


def codebook_keys(logits: jt.Var, codebooks: jt.Var, row_starts: jt.Var) -> jt.Var:
    """Which entries ``codebook_lookup`` takes, int32 [V]; without gradients."""
    _check(logits, codebooks, row_starts)
    given = [logits, codebooks, row_starts]
    return _run(given, "keys(n, books, out0_p)", [(logits.shape[0],)], "int32")[0].stop_grad()


def _check(logits: jt.Var, codebooks: jt.Var, row_starts: jt.Var) -> None:
    fits = logits.ndim == 2 and codebooks.ndim == 3 and logits.shape[1] == codebooks.shape[1]
    if not fits or logits.dtype != "float32" or codebooks.dtype != "float32":
        raise ValueError(
            f"codebook_lookup: logits are {logits.dtype} {list(logits.shape)} and codebooks {codebooks.dtype} "
            f"{list(codebooks.shape)}; give float32 [V, K] and [L, K, F]"
        )
    levels = codebooks.shape[0]
    fits = row_starts.ndim == 1 and 2 <= row_starts.shape[0] <= levels + 1
    if row_starts.dtype != "int32" or not fits:
        raise ValueError(
            f"codebook_lookup: row_starts are {row_starts.dtype} {list(row_starts.shape)}; {levels} codebooks need "
            f"int32 [{levels + 1}], or fewer"
        )
