"""The worst and the best of what was judged, in pictures."""

from __future__ import annotations

from typing import Any

from jnerf.figures.metrics import higher_is_better, metric, metric_title
from jnerf.imaging.pictures import FULL_ERROR
from jnerf.report.html import Html, h, join
from jnerf.report.pictures import data_uri, panels
from jnerf.report.run_data import RunData, is_number

Items = list[dict[str, Any]]
_FEW, _EACH = 6, 3  # items that are all shown; worst and best of more


def views(run: RunData) -> Html | None:
    """Worst first, by the first metric; of few items all. None where no pictures were written."""
    items = [item for item in run.test.get("items", []) if isinstance(item.get("name"), str)]
    name = next(iter(run.test.get("mean", {})), None)
    blocks, missing = [], []
    for title, chosen in _chosen(items, name):
        shown = []
        for item in chosen:
            pictures = panels(run.folder.test, item)
            if pictures:
                shown.append(_view(run, item, pictures))
            else:
                missing.append(item["name"])
        blocks += [h("h3", title) if title and shown else None, *shown]
    if missing:
        run.problems.append(f"There are no pictures of {', '.join(missing)} in {run.folder.test}.")
    if not any(blocks):
        return None
    legend = h(
        "p",
        "Errors: the mean over the channels, 0 ",
        h("span", class_="scale"),
        f" {full_error(run):g} and more. Depths: near is red, far blue.",
        " A click shows a picture large, arrow keys the next.",
        class_="note",
    )
    return join([legend, *blocks])


def full_error(run: RunData) -> float:
    """The error, of 1, at the end of the colours of its pictures of errors; a judge with an end of its own notes it."""
    noted = run.protocol.get("error_full")
    return noted if is_number(noted) else FULL_ERROR


def _chosen(items: Items, name: str | None) -> list[tuple[str | None, Items]]:
    """Titles with the items below them."""
    ranked = sorted((item for item in items if is_number(item.get(name))), key=lambda i: i[name])
    ranked += [item for item in items if not is_number(item.get(name))]
    better = higher_is_better(name or "")
    if better is False:
        ranked.reverse()
    if len(ranked) <= _FEW:
        return [(None, ranked)]
    told = metric_title(name)
    low, high = ("Worst", "Best") if better is not None else ("Lowest", "Highest")
    return [
        (f"{low} by {told}", ranked[:_EACH]),
        (f"{high} by {told}", ranked[-_EACH:][::-1]),
    ]


def _view(run: RunData, item: dict[str, Any], pictures: dict[str, Any]) -> Html:
    numbers = [
        f"{metric_title(name)} {metric(name, item[name])}"
        for name in run.test["mean"]
        if is_number(item.get(name))
    ]
    title = h("h3", item["name"], " ", h("span", " · ".join(numbers), class_="faint"))
    return h("div", title, shots(item["name"], pictures), class_="view")


def shots(name: str, pictures: dict[str, Any]) -> Html:
    """Pictures side by side.

    Args:
        name: what they are of, for readers who do not see them.
        pictures: BGR [H, W, 3] by what they show.
    """
    figures = (
        h(
            "figure",
            h("img", src=data_uri(picture), alt=f"{name}: {what}", loading="lazy"),
            h("figcaption", what),
        )
        for what, picture in pictures.items()
    )
    return h("div", *figures, class_="shots")
