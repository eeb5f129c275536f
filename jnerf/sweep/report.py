"""``sweep.html``: the tables, the curves and a view of every scene, and what became of each run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from jnerf.report.comparison.views import views
from jnerf.report.curves import Chart, charts_of_all, curves_html, on_the_way
from jnerf.report.html import Cell, Html, folded, h, join, table
from jnerf.report.page import Section, page
from jnerf.report.run_data import RunData
from jnerf.report.sections.environment import device
from jnerf.report.sections.head import duration
from jnerf.sweep.numbers import SECONDS, Numbers, Value, values_of
from jnerf.sweep.plan import Plan, Run

_METRICS = (", test", ", training batches")  # ends of the titles of their charts


@dataclass
class Found:
    """What came out of a sweep.

    Attributes:
        plan: the runs.
        numbers: of those that are complete.
        data: what their folders say, by name.
        states: of the others, in words.
        failed: why some are not complete.
        notes: what a reader must know.
    """

    plan: Plan
    numbers: Numbers
    data: Mapping[str, RunData]
    states: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


def sweep_html(found: Found) -> str:
    """The page; a part that cannot be made says why, and the others are there."""
    made: tuple[tuple[str, str, Callable[[], Html | None]], ...] = (
        ("tables", "Tables", lambda: _tables(found)),
        ("curves", "Curves", lambda: _curves(found)),
        ("views", "Views", lambda: _views(found)),
        ("runs", "Runs", lambda: _runs(found)),
    )
    problems = [f"{name}: {text}" for name, run in found.data.items() for text in run.problems]
    sections = []
    for key, title, make in made:
        try:
            body = make()
        except Exception as error:  # whatever is in a folder must not cost the rest of the page
            problems.append(f"{title}: cannot be shown ({type(error).__name__}: {error}).")
            body = h("p", "This part could not be made; see above.", class_="note")
        sections.append(Section(key, title, body))
    told = [*found.notes, *problems]
    head = h("ul", *(h("li", text) for text in told), class_="warnings") if told else Html("")
    return page("sweep", found.plan.root.name, head, sections)


def _tables(found: Found) -> Html | None:
    numbers = found.numbers
    if not numbers.metrics:
        return h("p", "No run is complete yet.")
    parts = []
    for title, columns in numbers.tables:
        best = {column: numbers.best(column) for column in columns}
        rows = []
        for row in numbers.rows:
            values = [(column, numbers.value(row, column)) for column in columns]
            rows.append([row, *(_cell(v, c.metric, row in best[c]) for c, v in values)])
        head = [title, *(column.title for column in columns)]
        made = table(head, rows, sortable=len(rows) > 1)
        parts.append(h("div", made, style="margin-bottom:1.2em"))
    note = (
        "Bold: the best of a column. Several seeds: their mean ± standard deviation. A dash: not all runs of the cell "
        "are complete; a mean over scenes is there when all of them are."
    )
    return join([*parts, h("p", note, class_="note")])


def _cell(value: Value, name: str, best: bool) -> Cell:
    text = value.text(name)
    return Cell(h("b", text) if best else text, value.mean)


def _curves(found: Found) -> Html | None:
    """Metrics against steps and seconds, for each scene."""
    charts, runs = [], []
    for scene, data, names in _scenes(found):
        runs += data
        charts += [
            replace(chart, title=f"{scene}: {chart.title}")
            for chart in charts_of_all(data, names)
            if chart.title.endswith(_METRICS) and _has_lines(chart)
        ]
    return curves_html(charts, on_the_way(runs)) if charts else None


def _has_lines(chart: Chart) -> bool:
    """Whether there is more to see than what the tables have."""
    return any(len(curve.points("step")) > 1 for curve in chart.curves)


def _views(found: Found) -> Html | None:
    """A view of each scene."""
    parts = []
    for scene, data, names in _scenes(found):
        body = views(data, names, most=1)
        if body is not None:
            parts.append(folded(scene, body, open_=not parts))
    return join(parts) if parts else None


def _scenes(found: Found) -> Iterator[tuple[str, list[RunData], list[str]]]:
    """The complete runs of each scene, and what they are called."""
    for scene in found.numbers.scenes:
        runs = [run for run in found.plan.runs if run.scene == scene and run.name in found.data]
        if runs:
            yield scene, [found.data[run.name] for run in runs], [_label(found, r) for r in runs]


def _label(found: Found, run: Run) -> str:
    """What a run is called among those of its scene."""
    alone = sum((other.row, other.scene) == (run.row, run.scene) for other in found.plan.runs) == 1
    return run.row if alone else f"{run.row}, seed {run.seed}"


def _runs(found: Found) -> Html:
    rows = []
    for run in found.plan.runs:
        data = found.data.get(run.name)
        status = "complete" if data else found.states.get(run.name, "")
        if run.name in found.failed:
            lines = found.failed[run.name].splitlines()
            status = folded(f"failed: {lines[0]}", h("pre", "\n".join(lines[1:])))
        seconds = values_of(data).get(SECONDS) if data else None
        sessions = data.sessions if data else []
        has_report = data is not None and data.folder.report.is_file()
        rows.append(
            [
                h("a", run.name, href=f"{run.name}/report.html") if has_report else run.name,
                run.method,
                run.scene,
                run.variant or "–",
                str(run.seed),
                status,
                "–" if seconds is None else duration(seconds),
                str(len(sessions) or "–"),
                ", ".join(dict.fromkeys(map(device, sessions))) or "–",
            ]
        )
    head = ["run", "method", "scene", "settings", "seed", "status", "training", "starts", "device"]
    return table(head, rows, sortable=True)
