"""Every item that was judged, with its metrics."""

from __future__ import annotations

from typing import Any

from jnerf.figures.metrics import metric, metric_title
from jnerf.report.html import Cell, Html, h, join, table
from jnerf.report.run_data import RunData, is_number
from jnerf.report.sections.protocol import absent


def test_table(run: RunData) -> Html | None:
    """A table that a click on a title sorts, the mean below; of judges without items, the means alone."""
    if not run.test:
        return None
    items, mean = run.test["items"], run.test["mean"]
    names = list(mean)
    if not items:
        return join(
            [table(["metric", "value"], [[metric_title(n), _cell(n, mean[n])] for n in names])]
        )
    has_seconds = any(is_number(item.get("seconds")) for item in items)
    head = [run.unit, *map(metric_title, names), *(["seconds"] if has_seconds else [])]
    keys = [*names, *(["seconds"] if has_seconds else [])]
    rows = [
        [h("span", item.get("name", i)), *(_cell(key, item.get(key)) for key in keys)]
        for i, item in enumerate(items)
    ]
    seconds = [item["seconds"] for item in items if is_number(item.get("seconds"))]
    means = mean | ({"seconds": sum(seconds) / len(seconds)} if seconds else {})
    foot = ["mean", *(_cell(key, means.get(key)) for key in keys)]
    hint = h("p", "A click on a title sorts.", class_="note")
    return join([table(head, rows, foot, sortable=True), hint, absent(run.protocol)])


def _cell(name: str, value: Any) -> Cell:
    value = value if is_number(value) else None
    return Cell(metric(name, value), value)
