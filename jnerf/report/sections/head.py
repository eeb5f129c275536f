"""What a reader wants first: how far the run came, how good it is, and what to know about the numbers."""

from __future__ import annotations

from jnerf.figures.metrics import metric, metric_title
from jnerf.figures.numbers import number
from jnerf.report.html import Html, h, join
from jnerf.report.run_data import RunData, as_dict, is_number


def head(run: RunData, more_problems: list[str]) -> Html:
    """Tiles and warnings.

    Args:
        run: the run.
        more_problems: what went wrong with the report itself.
    """
    told = [*warnings_of(run), *run.problems, *more_problems]
    listed = h("ul", *(h("li", text) for text in told), class_="warnings") if told else None
    return join([_lead(run), tiles(run), listed])


def status(run: RunData) -> str:
    """How far it came, in words."""
    total = run.total_steps
    if not run.step:
        return "nothing was trained"
    if total is None:
        return f"{number(run.step, 7)} steps"
    return "complete" if run.step >= total else f"stopped after step {run.step} of {total}"


def tiles(run: RunData) -> Html:
    """The numbers that count."""
    rate = _median([r["samples_per_s"] for r in run.rows if is_number(r.get("samples_per_s"))])
    source = "test" if run.test else "last evaluation"
    shown = [(metric(n, value), f"{metric_title(n)}, {source}") for n, value in run.mean.items()]
    shown.append((f"{run.step:,}".replace(",", " "), "steps"))
    if run.seconds is not None:
        shown.append((duration(run.seconds), "training time"))
    if rate:
        shown.append((number(rate), "samples/s, median"))
    return h(
        "div", *(h("div", h("b", a), h("span", b), class_="tile") for a, b in shown), class_="tiles"
    )


def warnings_of(run: RunData) -> list[str]:
    """What a reader of the numbers must know."""
    told = []
    if run.total_steps is not None and run.step < run.total_steps:
        told.append(
            f"The run is not complete: {status(run)}. jnerf train {run.folder.root} --resume goes on."
        )
    if not run.test and run.step:
        told.append(
            "It was not tested: the metrics are those of its last evaluation, if there was one."
        )
    tested = run.test.get("protocol", {})
    if isinstance(tested.get("step"), int) and tested["step"] < run.step:
        told.append(f"The test is of step {tested['step']}, the log goes on to step {run.step}.")
    if tested.get("warning"):
        told.append(f"{tested['warning']}.")
    if run.edits:
        told.append("Settings were changed while it trained: see Config.")
    dirty = [s for s in run.sessions if as_dict(s.get("git")).get("dirty")]
    if dirty:
        told.append("The code had changes that are in no commit.")
    return told


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(42.35), duration(605), duration(7300)
    ('42.4 s', '10 min 5 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _lead(run: RunData) -> Html:
    started = run.info.get("started")
    when = f", started {str(started)[:16].replace('T', ' ')} UTC" if started else ""
    where = h("code", str(run.folder.root))
    return h("p", f"{status(run).capitalize()}{when}; folder ", where, class_="faint")


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
