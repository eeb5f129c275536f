"""The same views of several runs: truth, what each run makes of it, and its errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jnerf.figures.metrics import metric, metric_title
from jnerf.report.html import Html, h, join
from jnerf.report.pictures import panels
from jnerf.report.run_data import RunData, is_number
from jnerf.report.sections.views import full_error, shots

_MOST_VIEWS, _MOST_PICTURES = 4, 60


def views(runs: Sequence[RunData], names: Sequence[str], most: int = _MOST_VIEWS) -> Html | None:
    """The views that all have, those first in which the runs differ most by the first metric.

    Args:
        runs: the runs.
        names: what they are called.
        most: how many views at most; of many runs fewer.
    """
    items = [{item.get("name"): item for item in run.test.get("items", [])} for run in runs]
    shared = [n for n in items[0] if isinstance(n, str) and all(n in found for found in items)]
    measure = next(iter(runs[0].test.get("mean", {})), None)

    def spread(name: str) -> float:
        values = [found[name].get(measure) for found in items]
        return max(values) - min(values) if all(map(is_number, values)) else 0.0

    most = max(1, min(most, _MOST_PICTURES // (1 + 2 * len(runs))))
    blocks = []
    for name in sorted(shared, key=spread, reverse=True)[:most]:
        block = _view(name, runs, [found[name] for found in items], names, measure)
        blocks += [block] if block else []
    if not blocks:
        return None
    ends = {name: f"{full_error(run):g}" for run, name in zip(runs, names, strict=True)}
    end = ", ".join(dict.fromkeys(ends.values()))
    if len(set(ends.values())) > 1:
        end = ", ".join(f"{value} ({name})" for name, value in ends.items())
    note = (
        f"Those first in which the runs differ most. Errors: blue is none, dark red {end} and more. "
        "A click shows a picture large, arrow keys the next."
    )
    return join([h("p", note, class_="note"), *blocks])


def _view(
    name: str,
    runs: Sequence[RunData],
    items: Sequence[dict[str, Any]],
    names: Sequence[str],
    measure: str | None,
) -> Html | None:
    found = [panels(run.folder.test, item) for run, item in zip(runs, items, strict=True)]
    pictures: dict[str, Any] = {}
    truth = next((each["truth"] for each in found if "truth" in each), None)
    if truth is not None:
        pictures["truth"] = truth
    for what in ("prediction", "picture", "error"):
        for each, item, run in zip(found, items, names, strict=True):
            if what in each:
                told = what
                if what != "error" and is_number(item.get(measure)):
                    told = f"{metric_title(measure)} {metric(measure, item[measure])}"
                pictures[f"{run}: {told}"] = each[what]
    if not pictures:
        return None
    return h("div", h("h3", name), shots(name, pictures), class_="view")
