"""Tables as Markdown, which a terminal shows as well."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table whose first ``left`` columns are text and the others numbers.

    >>> print(table(["what", "ns"], [["a", "1"]]))
    | what | ns |
    |---|---:|
    | a | 1 |
    """
    marks = ["---"] * left + ["---:"] * (len(head) - left)
    lines = [f"| {' | '.join(head)} |", f"|{'|'.join(marks)}|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """The same table with columns of equal width, for a terminal.

    >>> print(aligned(["what", "ns"], [["a", "100"]]))
    | what |  ns |
    |------|----:|
    | a    | 100 |
    """
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    pads = [str.ljust] * left + [str.rjust] * (len(head) - left)

    def line(cells: Sequence[str]) -> str:
        padded = (pad(cell, width) for pad, cell, width in zip(pads, cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    marks = ["-" * (w + 2) if i < left else "-" * (w + 1) + ":" for i, w in enumerate(widths)]
    return "\n".join([line(head), f"|{'|'.join(marks)}|", *map(line, rows)])
