"""The table of a sweep: methods x scenes, for a terminal, Markdown, LaTeX and programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from jnerf.engine.logging import to_json
from jnerf.figures.tables import aligned, table
from jnerf.report.run_data import RunData
from jnerf.sweep.numbers import Column, Numbers, values_of
from jnerf.sweep.plan import Run

_LATEX = {letter: f"\\{letter}" for letter in "#$%&_{}"} | {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "±": "$\\pm$",
    "–": "--",
}


def text_tables(numbers: Numbers) -> str:
    """For a terminal."""
    return "\n\n".join(aligned(*_grid(numbers, *each)) for each in numbers.tables)


def markdown_tables(numbers: Numbers, notes: Sequence[str]) -> str:
    """As Markdown, the best number of a column in bold.

    Args:
        numbers: of the sweep.
        notes: what a reader must know.
    """
    parts = [table(*_grid(numbers, *each, "**{}**")) for each in numbers.tables]
    return (
        "\n\n".join([*parts, *(["\n".join(f"- {note}" for note in notes)] if notes else [])]) + "\n"
    )


def latex_tables(numbers: Numbers) -> str:
    """As LaTeX with ``booktabs``: a ``tabular`` for each table, the best number of a column in bold."""
    parts = []
    for title, columns in numbers.tables:
        head, rows = _grid(numbers, title, columns, "\\textbf{{{}}}", _latex)
        lines = [" & ".join(row) + " \\\\" for row in ([""] + head[1:], *rows)]
        parts.append(
            f"% {title}\n\\begin{{tabular}}{{l{'r' * len(columns)}}}\n\\toprule\n{lines[0]}\n\\midrule\n"
            + "\n".join(lines[1:])
            + "\n\\bottomrule\n\\end{tabular}\n"
        )
    return "\n".join(parts)


def table_record(
    numbers: Numbers,
    runs: Sequence[Run],
    data: Mapping[str, RunData],
    failed: Mapping[str, str],
    notes: Sequence[str],
) -> str:
    """As JSON: every run with its numbers, and the cells and means of the table.

    Args:
        numbers: of the sweep.
        runs: all of it.
        data: of those that are complete.
        failed: those that are not to be, and why.
        notes: what a reader must know.
    """
    listed = [
        {
            "name": run.name,
            "method": run.method,
            "scene": run.scene,
            "variant": run.variant,
            "seed": run.seed,
            "complete": run.name in data,
            "starts": len(data[run.name].sessions) if run.name in data else None,
            "error": failed.get(run.name),
            "metrics": values_of(data[run.name]) if run.name in data else {},
        }
        for run in runs
    ]
    cells: dict[str, Any] = {}
    for name in numbers.metrics:
        for row in numbers.rows:
            scenes = {scene: asdict(numbers.cells[name, row, scene]) for scene in numbers.scenes}
            mean = numbers.value(row, Column("mean", name, None)).mean
            cells.setdefault(name, {})[row] = {"scenes": scenes, "mean": mean}
    return to_json({"runs": listed, "table": cells, "notes": list(notes)}, indent=2) + "\n"


def _grid(
    numbers: Numbers,
    title: str,
    columns: Sequence[Column],
    best: str = "{}",
    escape: Callable[[str], str] = str,
) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a table.

    Args:
        numbers: of the sweep.
        title: of the first column.
        columns: the others.
        best: how the best number of a column is written.
        escape: what is done with all text.
    """
    rows = [[escape(row)] for row in numbers.rows]
    for column in columns:
        marked = numbers.best(column)
        for cells, row in zip(rows, numbers.rows, strict=True):
            text = escape(numbers.value(row, column).text(column.metric))
            cells.append(best.format(text) if row in marked else text)
    return [escape(title), *(escape(column.title) for column in columns)], rows


def _latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
