"""Curves of one run or of several: which there are, and how they are drawn against steps and against seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jnerf.engine.logging import metrics_of
from jnerf.figures.metrics import metric_title
from jnerf.figures.numbers import number
from jnerf.figures.plot import COLORS, Axis, Line, Look, line_plot
from jnerf.report.html import Html, h, join
from jnerf.report.run_data import RunData, eval_metrics, is_number

_LOOK = Look(440, 260, inline=True)
_MOST_POINTS = 400  # of a line
_SMOOTHED = 200  # points; of more their means are drawn
_AXES = (("step", "steps", "steps"), ("seconds", "seconds", "training seconds"))


@dataclass(frozen=True)
class Curve:
    """One line: a number of some rows of a log."""

    name: str
    rows: Sequence[dict[str, Any]]
    key: str
    dots: bool = False
    color: int = 0

    def points(self, x: str) -> list[tuple[float, float]]:
        """(x, y) of the rows that have both."""
        found = [(row.get(x), row.get(self.key)) for row in self.rows]
        return [point for point in found if all(map(is_number, point))]

    def lines(self, x: str) -> list[Line]:
        """How it is drawn against ``x``: of many points their means, the points themselves pale behind."""
        points = self.points(x)
        if self.dots or len(points) <= _SMOOTHED:
            return [Line(self.name, points, self.dots, self.color)]
        pale = Line(self.name, thinned(points), color=self.color, faint=True)
        return [pale, Line(self.name, means(points), color=self.color)]


@dataclass(frozen=True)
class Chart:
    """Lines that share axes."""

    title: str
    curves: list[Curve] = field(default_factory=list)
    log: bool = False

    @property
    def values(self) -> list[float]:
        """All of its numbers."""
        return [y for curve in self.curves for _, y in curve.points("step")]

    @property
    def moves(self) -> bool:
        """Whether there is anything to see: a number that is not always the same."""
        return len(set(self.values)) > 1


def thinned(
    points: list[tuple[float, float]], most: int = _MOST_POINTS
) -> list[tuple[float, float]]:
    """At most so many points, among them the least and the largest of each stretch, so that no spike is lost.

    >>> thinned([(0, 5), (1, 9), (2, 1), (3, 5)], most=2)
    [(1, 9), (2, 1)]
    """
    if len(points) <= most:
        return points
    stretch = -(-2 * len(points) // most)
    kept = []
    for i in range(0, len(points), stretch):
        part = points[i : i + stretch]
        ends = {min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
        kept += sorted(ends)
    return kept


def means(points: list[tuple[float, float]], most: int = 100) -> list[tuple[float, float]]:
    """Means of so many stretches.

    >>> means([(0, 1), (1, 3), (2, 5), (3, 9)], most=2)
    [(0.5, 2.0), (2.5, 7.0)]
    """
    stretch = -(-len(points) // most)
    parts = (points[i : i + stretch] for i in range(0, len(points), stretch))
    return [(sum(a for a, _ in p) / len(p), sum(b for _, b in p) / len(p)) for p in parts]


def charts_of(run: RunData) -> list[Chart]:
    """All charts of a run: metrics, loss, then whatever else its log has."""
    evaluated = {name: None for row in run.evaluations for name in eval_metrics(row)}
    trained = _names(run.rows, metrics_of)
    charts = []
    for name in dict.fromkeys([*trained, *evaluated]):
        curves = []
        if name in trained:
            curves.append(Curve("training batches", run.rows, name, color=5))
        if name in evaluated:
            label = f"test {run.unit}s"
            curves.append(Curve(label, run.evaluations, name, dots=True, color=1))
        if name in trained or len(curves[0].points("step")) > 1:
            charts.append(Chart(metric_title(name), curves))
    charts.append(_loss(run))
    told = {"step", "seconds", "loss", *trained}
    others = [n for n in _names(run.rows, dict) if n not in told and not n.startswith("loss/")]
    for name in sorted(others, key=lambda name: "/" in name):  # what modules say of themselves last
        charts.append(Chart(_title(name), [Curve(_title(name), run.rows, name)]))
    return [_scaled(chart) for chart in charts if chart.values]


def _loss(run: RunData) -> Chart:
    terms = [name for name in _names(run.rows, dict) if name.startswith("loss/")]
    keys = ["loss", *terms] if len(terms) > 1 else ["loss"]
    names = {"loss": "sum" if len(terms) > 1 else "loss"}
    curves = [
        Curve(names.get(key, key.removeprefix("loss/")), run.rows, key, color=i)
        for i, key in enumerate(keys)
    ]
    return Chart("loss", curves)


def charts_of_all(runs: Sequence[RunData], names: Sequence[str]) -> list[Chart]:
    """The charts of several runs, a line for each.

    Args:
        runs: the runs.
        names: what they are called.
    """
    found: dict[str, list[Curve]] = {}
    for i, (run, name) in enumerate(zip(runs, names, strict=True)):
        for metric in _names(run.evaluations, eval_metrics):
            curve = Curve(name, run.evaluations, metric, dots=True, color=i)
            found.setdefault(f"{metric_title(metric)}, test", []).append(curve)
    for i, (run, name) in enumerate(zip(runs, names, strict=True)):
        for metric in _names(run.rows, metrics_of):
            title = f"{metric_title(metric)}, training batches"
            found.setdefault(title, []).append(Curve(name, run.rows, metric, color=i))
        for key in ("loss", "samples_per_s", "rays", "samples", "lr"):
            found.setdefault(_title(key), []).append(Curve(name, run.rows, key, color=i))
    charts = (Chart(title, curves) for title, curves in found.items())
    return [_scaled(chart) for chart in charts if chart.moves]


def on_the_way(runs: Sequence[RunData]) -> str | None:
    """What a reader must know of evaluations that were cheaper than the test at the end; None where none was."""
    rows = [row for run in runs for row in run.evaluations]
    steps = sorted({row["downscale"] for row in rows if is_number(row.get("downscale"))})
    told = []
    if steps:
        of = " or ".join(f"{step:g}" for step in steps)
        told.append(
            f"saw one pixel of {of} in each direction, and SSIM of such pictures is another number"
        )
    if any(is_number(row.get("pixels_rendered")) for row in rows):
        told.append("interpolated pixels in fog")
    return f"Evaluations before the last {'; some '.join(told)}." if told else None


def curves_html(charts: Sequence[Chart], note: str | None) -> Html | None:
    """Charts with a switch between steps and seconds; numbers that never change are only told.

    Args:
        charts: some may be empty of anything to see.
        note: on what is drawn, below it.
    """
    moving = [chart for chart in charts if chart.moves]
    still = [f"{chart.title} {number(chart.values[0], 4)}" for chart in charts if not chart.moves]
    told = (
        h("p", "The same all the time: ", "; ".join(still), ".", class_="note") if still else None
    )
    if not moving:
        return told
    switch = []
    for i, (_, key, label) in enumerate(_AXES):
        switch.append(h("input", type="radio", name="axis", id=f"axis-{key}", checked=i == 0))
        switch.append(h("label", f"against {label}", for_=f"axis-{key}"))
    drawn = h("div", *map(chart_html, moving), class_="charts")
    said = h("p", note, class_="note") if note else None
    return join([h("div", *switch, drawn, class_="axes"), said, told])


def chart_html(chart: Chart) -> Html:
    """A chart with its legend, once against steps and once against seconds."""
    keys = (
        h("span", c.name, class_="key", style=f"--key:var(--c{c.color % len(COLORS)})")
        for c in chart.curves
    )
    title = f"{chart.title} (logarithmic)" if chart.log else chart.title
    legend = (
        h("div", *keys) if len(chart.curves) > 1 or chart.curves[0].name != chart.title else None
    )
    plots = []
    for x, key, label in _AXES:
        lines = sorted(
            (line for c in chart.curves for line in c.lines(x)), key=lambda line: not line.faint
        )
        svg = line_plot(
            f"{chart.title} against {label}", Axis(label), Axis("", chart.log), lines, _LOOK
        )
        plots.append(h("div", Html(svg), class_=f"by-{key}"))
    return h("figure", h("figcaption", title, legend), *plots, class_="chart")


def _names(rows: Iterable[dict[str, Any]], part: Any) -> list[str]:
    """Names of numbers in rows, as they first come."""
    found = {name: None for row in rows for name, value in part(row).items() if is_number(value)}
    return list(found)


def _title(key: str) -> str:
    known = {
        "samples_per_s": "samples per second",
        "lr": "learning rate",
        "rays": "rays per step",
        "samples": "samples per step",
    }
    return known.get(key) or key.replace("_", " ").replace("/", ": ")


def _scaled(chart: Chart) -> Chart:
    """Logarithmic where a linear axis would show a corner: positive numbers over more than a factor of 30."""
    values = chart.values
    log = bool(values) and min(values) > 0 and max(values) > 30 * min(values)
    return Chart(chart.title, chart.curves, log)
