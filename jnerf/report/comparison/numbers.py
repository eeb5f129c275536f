"""The numbers of runs side by side, with their differences from the first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jnerf.config.dump import leaves, say
from jnerf.figures.metrics import higher_is_better, metric, metric_title, seconds_to
from jnerf.report.run_data import RunData, eval_metrics, is_number

#: Settings that say where a run lies and what it writes, not what it is.
_NO_MATTER = ("exp_name", "save_dir", "report", "tensorboard")


@dataclass(frozen=True)
class Row:
    """A number of each run.

    Attributes:
        title: what it is.
        name: of the metric, by which it is known how it is written and which way is better.
        values: of the runs; None where one lacks it.
    """

    title: str
    name: str
    values: list[float | None]

    def cells(self) -> list[str]:
        """The numbers, behind those after the first the difference from it."""
        return [f"{self.text(i)} {self.delta(i)}".strip() for i in range(len(self.values))]

    def text(self, i: int) -> str:
        """A run's number."""
        return metric(self.name, self.values[i])

    def delta(self, i: int) -> str:
        """Its difference from the first run's, in brackets; empty for the first and where there is none."""
        first, value = self.values[0], self.values[i]
        if i == 0 or first is None or value is None:
            return ""
        difference = value - first
        sign = "+" if difference >= 0 else "-"
        return f"({sign}{metric(self.name, abs(difference))})"

    def better(self, i: int) -> bool | None:
        """Whether a run is better than the first; None where it is the same, or nobody can say."""
        first, value, high = self.values[0], self.values[i], higher_is_better(self.name)
        if i == 0 or None in (first, value, high) or first == value:
            return None
        return (value > first) == high


def rows_of(runs: Sequence[RunData], alike: bool) -> list[Row]:
    """Metrics of the test, of the views that all runs share, and what they cost.

    Args:
        runs: the runs.
        alike: whether they were judged alike; else nobody can say when one reached what another did.
    """
    names = dict.fromkeys(name for run in runs for name in run.mean)
    rows = [Row(metric_title(name), name, [run.mean.get(name) for run in runs]) for name in names]
    rows += _of_common(runs, list(names))
    rows.append(Row("steps", "steps", [run.step for run in runs]))
    rows.append(Row("training seconds", "seconds", [run.seconds for run in runs]))
    rows.append(Row("samples/s, median", "rate", [_rate(run) for run in runs]))
    rows += _times(runs) if alike else []
    return [row for row in rows if any(value is not None for value in row.values)]


def _of_common(runs: Sequence[RunData], names: Sequence[str]) -> list[Row]:
    """The means over the items that all have, where some have others."""
    items = [{str(i.get("name")): i for i in run.test.get("items", [])} for run in runs]
    common = set.intersection(*map(set, items)) if items else set()
    if not common or all(set(found) == common for found in items):
        return []
    rows = []
    for name in names:
        values = [[found[item].get(name) for item in common] for found in items]
        means = [sum(v) / len(v) if all(map(is_number, v)) else None for v in values]
        rows.append(Row(f"{metric_title(name)}, {len(common)} shared {runs[0].unit}s", name, means))
    return rows


def _times(runs: Sequence[RunData]) -> list[Row]:
    """When each run reached what all of them reached in the end, by the first metric of which more is better."""
    names = [n for run in runs for row in run.evaluations for n in eval_metrics(row)]
    name = next((n for n in names if higher_is_better(n)), None)
    curves = [
        [
            (r["seconds"], r[name])
            for r in run.evaluations
            if is_number(r.get(name)) and is_number(r.get("seconds"))
        ]
        for run in runs
    ]
    if name is None or not all(curves):
        return []
    level = min(max(value for _, value in curve) for curve in curves)
    title = f"training seconds to {metric_title(name)} {metric(name, level)}"
    return [Row(title, "seconds_per_level", [seconds_to(curve, level) for curve in curves])]


def _rate(run: RunData) -> float | None:
    rates = sorted(row["samples_per_s"] for row in run.rows if is_number(row.get("samples_per_s")))
    return rates[len(rates) // 2] if rates else None


def settings(runs: Sequence[RunData]) -> list[tuple[str, list[str]]]:
    """Settings that are not the same in all runs: path, and the value of each; a dash where a run lacks it."""
    found = [leaves(run.config or {}) | {edit[1]: edit[3] for edit in run.edits} for run in runs]
    paths = dict.fromkeys(path for settings in found for path in settings)
    rows = []
    for path in paths:
        said = [say(settings[path]) if path in settings else "–" for settings in found]
        if len(set(said)) > 1 and path not in _NO_MATTER:
            rows.append((path, said))
    return rows
