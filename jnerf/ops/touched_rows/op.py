"""Jittor ops that find the rows of a table that are not zero, take them out and put them back."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.touched_rows.words import WORD

_MARK = 'jnerf::mark_rows(in0_p, (int64_t)data["rows"], (int)data["width"], out0_p);'
_PACK = 'jnerf::move_rows<true>(in1->num, in1_p, in2_p, (int)data["width"], in0_p, out0_p);'
_UNPACK = 'jnerf::move_rows<false>(in1->num, in1_p, in2_p, (int)data["width"], in0_p, out0_p);'


def mark_rows(table: jt.Var) -> jt.Var:
    """Which rows have a number that is not zero, as bits: bit b of word w is row 32 w + b, int32 [ceil(T / 32)].

    Args:
        table: float32 [T, F].

    Raises:
        ValueError: it is no such table.
    """
    _check("mark_rows", table)
    n_rows, width = table.shape
    shape = (-(-n_rows // WORD),)
    data = {"rows": n_rows, "width": width}
    return code_op("touched_rows", [shape], ["int32"], [table], _MARK, data)[0].stop_grad()


def pack_rows(table: jt.Var, words: jt.Var, firsts: jt.Var, n: int) -> jt.Var:
    """The rows whose bits are set, in order, float32 [n, F].

    Args:
        table: float32 [T, F].
        words: see ``mark_rows``.
        firsts: where the rows of each word begin in the result, int32; see ``word_firsts``.
        n: how many there are.

    Raises:
        ValueError: sizes disagree.
    """
    _check("pack_rows", table, words, firsts)
    inputs, data = [table, words, firsts], {"width": table.shape[1]}
    shape = (n, table.shape[1])
    return code_op("touched_rows", [shape], ["float32"], inputs, _PACK, data)[0].stop_grad()


def unpack_rows(rows: jt.Var, words: jt.Var, firsts: jt.Var, table: jt.Var) -> None:
    """Puts rows that ``pack_rows`` has taken out into a table, in place; the others stay.

    Whoever reads the old table must be synced before.

    Args:
        rows: float32 [n, F].
        words: see ``mark_rows``.
        firsts: see ``pack_rows``.
        table: float32 [T, F].

    Raises:
        ValueError: sizes disagree.
    """
    _check("unpack_rows", table, words, firsts)
    inputs, data = [rows, words, firsts], {"width": table.shape[1]}
    code_op("touched_rows", None, None, inputs, _UNPACK, data, outputs=[table])


def _check(name: str, table: jt.Var, *words: jt.Var) -> None:
    if table.ndim != 2 or table.dtype != "float32":
        raise ValueError(f"{name}: table is {table.dtype} {list(table.shape)}; give float32 [T, F]")
    wanted = -(-table.shape[0] // WORD)
    for var in words:
        if list(var.shape) != [wanted] or var.dtype != "int32":
            raise ValueError(
                f"{name}: words or firsts are {var.dtype} {list(var.shape)}; a table of {table.shape[0]} rows has "
                f"int32 [{wanted}]"
            )
