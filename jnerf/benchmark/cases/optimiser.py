"""Cases of the optimiser's ops, over the parameters of the paper's hash table."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case
from jnerf.ops.adam import AdamNumbers, adam_dense, adam_sparse, bias_correction_table
from jnerf.ops.ema import ema_update
from jnerf.ops.half_copy import HalfCopy, round_half
from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.touched_rows import mark_rows, pack_rows, unpack_rows, word_firsts

_BETAS = (0.9, 0.99)
_TOUCHED = 0.3  # share of the table's rows that a late training step touches
#: The name of the case that is that of the bound.
TOUCHED_TABLE = f"table, {_TOUCHED:.0%} touched"


@CASES.of("adam")
def _adam(inputs: Inputs) -> Iterator[Case]:
    layout = HashGridLayout()
    n = layout.n_rows * layout.n_features
    random = np.random.default_rng(0)
    touched = np.repeat(random.random(layout.n_rows) < _TOUCHED, layout.n_features)
    grad = jt.array(np.where(touched, random.random(n, dtype=np.float32), 0).astype(np.float32))
    param, m, v = (jt.zeros((n,)) for _ in range(3))
    counts, table = jt.zeros((n,), "int32"), jt.array(bias_correction_table(_BETAS))

    def sparse() -> list[jt.Var]:
        adam_sparse(param, grad, m, v, counts, table, 1e-2, _BETAS)
        return [param]

    def dense() -> list[jt.Var]:
        adam_dense([param], [grad], [m], [v], [AdamNumbers(1, 1e-2)], _BETAS)
        return [param]

    followed, copy = jt.zeros((n,)), HalfCopy("bfloat16")

    def with_copy() -> list[jt.Var]:
        copy.of(followed)
        adam_sparse(followed, grad, m, v, counts, table, 1e-2, _BETAS)
        return [followed]

    yield Case(TOUCHED_TABLE, "parameter", n, sparse)
    yield Case("the same with a copy in bfloat16", "parameter", n, with_copy)
    yield Case("table, all", "parameter", n, dense)


@CASES.of("touched_rows")
def _touched_rows(inputs: Inputs) -> Iterator[Case]:
    layout = HashGridLayout()
    random = np.random.default_rng(0)
    table = random.random((layout.n_rows, layout.n_features), dtype=np.float32)
    table[random.random(layout.n_rows) >= _TOUCHED] = 0
    grad = jt.array(table)
    words = mark_rows(grad)
    firsts, n = word_firsts(words.numpy())
    where = words, jt.array(firsts)
    rows = pack_rows(grad, *where, n)

    def unpack() -> list[jt.Var]:
        unpack_rows(rows, *where, grad)
        return [grad]

    yield Case("mark", "row", layout.n_rows, lambda: [mark_rows(grad)])
    yield Case("pack", "row", layout.n_rows, lambda: [pack_rows(grad, *where, n)])
    yield Case("unpack", "row", layout.n_rows, unpack)


@CASES.of("half_copy")
def _half_copy(inputs: Inputs) -> Iterator[Case]:
    layout = HashGridLayout()
    n = layout.n_rows * layout.n_features
    table = jt.ones((n,))
    for precision in ("float16", "bfloat16"):
        yield Case(
            f"table to {precision}",
            "parameter",
            n,
            lambda precision=precision: [round_half(table, precision)],
        )


@CASES.of("ema")
def _ema(inputs: Inputs) -> Iterator[Case]:
    layout = HashGridLayout()
    n = layout.n_rows * layout.n_features
    average, value = jt.zeros((n,)), jt.ones((n,))

    def run() -> list[jt.Var]:
        ema_update([average], [value], 0.95)
        return [average]

    yield Case("table", "parameter", n, run)
