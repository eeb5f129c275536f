"""The numbers of a sweep: for each row (a method, a variant of it) and each scene the mean over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jnerf.figures.metrics import higher_is_better, metric, metric_title
from jnerf.report.comparison.protocols import mismatches
from jnerf.report.run_data import RunData, is_number
from jnerf.sweep.plan import Run

#: Name of the time that training took, beside the metrics of the test.
SECONDS = "seconds"


@dataclass(frozen=True)
class Value:
    """A number over seeds, or over scenes.

    Attributes:
        mean: the mean; None where a run lacks it.
        spread: standard deviation over seeds; None of fewer than two.
        n: how many runs.
    """

    mean: float | None
    spread: float | None = None
    n: int = 0

    def text(self, name: str) -> str:
        """As a cell of a table.

        Args:
            name: of the metric.

        >>> Value(30.126, 0.05, 3).text("psnr")
        '30.13 ± 0.05'
        """
        said = metric(name, self.mean)
        return said if self.spread is None else f"{said} ± {metric(name, self.spread)}"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its head.
        metric: name of the metric.
        scene: of the scene; None: the mean over all.
    """

    title: str
    metric: str
    scene: str | None


@dataclass
class Numbers:
    """All numbers.

    Attributes:
        rows: names of the rows, in order.
        scenes: names of the columns, in order.
        metrics: names of the metrics, in order; the time of training last.
        cells: by metric, row and scene.
    """

    rows: list[str]
    scenes: list[str]
    metrics: list[str]
    cells: dict[tuple[str, str, str], Value]

    @property
    def tables(self) -> list[tuple[str, list[Column]]]:
        """Titles and columns: a table for each metric; of one scene a single table with a column for each."""
        if len(self.scenes) == 1:
            columns = [Column(title_of(name), name, self.scenes[0]) for name in self.metrics]
            return [(self.scenes[0], columns)] if columns else []
        return [
            (
                title_of(name),
                [*(Column(s, name, s) for s in self.scenes), Column("mean", name, None)],
            )
            for name in self.metrics
        ]

    def value(self, row: str, column: Column) -> Value:
        """A cell; a mean over scenes is None unless every scene has its number: others would not compare."""
        if column.scene is not None:
            return self.cells[column.metric, row, column.scene]
        found = [self.cells[column.metric, row, scene].mean for scene in self.scenes]
        whole = all(value is not None for value in found)
        return Value(sum(found) / len(found) if whole else None, n=len(found))

    def best(self, column: Column) -> set[str]:
        """The rows that are best in a column, as the table writes their numbers; none where there is no other."""
        high = higher_is_better(column.metric)
        values = {row: self.value(row, column).mean for row in self.rows}
        known = {row: value for row, value in values.items() if value is not None}
        if high is None or len(known) < 2 or column.metric == SECONDS:  # machines differ
            return set()
        top = metric(column.metric, (max if high else min)(known.values()))
        return {row for row, value in known.items() if metric(column.metric, value) == top}


def title_of(name: str) -> str:
    """What a metric is called.

    >>> title_of("seconds"), title_of("psnr")
    ('training, s', 'PSNR, black')
    """
    return "training, s" if name == SECONDS else metric_title(name)


def numbers_of(runs: Sequence[Run], data: Mapping[str, RunData]) -> Numbers:
    """Puts the runs' tests together.

    Args:
        runs: all of the sweep.
        data: what the folders of those that are complete say, by name.
    """
    rows = list(dict.fromkeys(run.row for run in runs))
    scenes = list(dict.fromkeys(run.scene for run in runs))
    found = {name: values_of(each) for name, each in data.items()}
    metrics = dict.fromkeys(name for values in found.values() for name in values if name != SECONDS)
    names = [*metrics, SECONDS] if found else []
    cells = {}
    for row in rows:
        for scene in scenes:
            of_cell = [run.name for run in runs if (run.row, run.scene) == (row, scene)]
            for name in names:
                values = [found.get(run, {}).get(name) for run in of_cell]
                cells[name, row, scene] = _over_seeds(values)
    return Numbers(rows, scenes, names, cells)


def values_of(run: RunData) -> dict[str, float]:
    """The numbers of a run: metrics of its test, and how long it trained."""
    found = {name: value for name, value in run.mean.items() if is_number(value)}
    seconds = run.protocol.get("train_seconds", run.seconds)
    return found | ({SECONDS: seconds} if is_number(seconds) else {})


def warnings_of(runs: Sequence[Run], data: Mapping[str, RunData]) -> list[str]:
    """What makes the numbers of a scene numbers of different things, a sentence each; one run of each row is asked."""
    said: dict[str, list[str]] = {}
    for scene in dict.fromkeys(run.scene for run in runs):
        first: dict[str, str] = {}
        for run in runs:
            if run.scene == scene and run.name in data:
                first.setdefault(run.row, run.name)
        if len(first) > 1:
            for text in mismatches([data[name] for name in first.values()], list(first)):
                said.setdefault(text, []).append(scene)
    return [f"{', '.join(scenes)}: {text}" for text, scenes in said.items()]


def _over_seeds(values: Sequence[float | None]) -> Value:
    """The mean; None where one is missing, so that a number never stands for fewer seeds than its neighbours."""
    if not values or any(value is None for value in values):
        return Value(None, n=len(values))
    mean = sum(values) / len(values)
    if len(values) < 2:
        return Value(mean, n=1)
    squares = sum((value - mean) ** 2 for value in values)
    return Value(mean, math.sqrt(squares / (len(values) - 1)), len(values))
