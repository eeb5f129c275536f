"""``compare.html``: several runs on one page, and the same as a table for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from jnerf.figures.tables import aligned
from jnerf.files import write_text_atomic
from jnerf.report.comparison.numbers import Row, rows_of, settings
from jnerf.report.comparison.protocols import mismatches, notes
from jnerf.report.comparison.runs import names_of, read_runs
from jnerf.report.comparison.views import views
from jnerf.report.curves import charts_of_all, curves_html, on_the_way
from jnerf.report.html import Cell, Html, h, join, table
from jnerf.report.page import Section, check_output, page
from jnerf.report.run_data import RunData
from jnerf.report.sections.environment import commit, device
from jnerf.report.sections.head import duration, status

_WARNING = "These numbers do not compare, for the runs were not judged alike:"


def write_comparison(paths: Sequence[Path], output: Path, force: bool = False) -> str:
    """Writes the page.

    Args:
        paths: run folders, two or more; differences are from the first.
        output: the file.
        force: write over a file that is no page of ours.

    Returns:
        The text for the terminal.

    Raises:
        ConfigError: too few runs, one twice, or see ``force``.
        DataError: one is no run's folder.
        OSError: the file cannot be written.
    """
    runs = read_runs(paths)
    check_output(output, force)
    names = names_of(runs)
    write_text_atomic(output, comparison_html(runs, names))
    return comparison_text(runs, names)


def comparison_html(runs: Sequence[RunData], names: Sequence[str]) -> str:
    """The page; a part that cannot be made says why, and the others are there."""
    alike = not mismatches(runs, names)
    made: tuple[tuple[str, str, Callable[[], Html | None]], ...] = (
        ("metrics", "Metrics", lambda: _metrics(runs, names, alike)),
        ("curves", "Curves", lambda: curves_html(charts_of_all(runs, names), on_the_way(runs))),
        ("views", "Views", lambda: views(runs, names)),
        ("config", "Config", lambda: _settings(runs, names)),
        ("runs", "Runs", lambda: _runs(runs, names)),
    )
    problems = [f"{n}: {text}" for run, n in zip(runs, names, strict=True) for text in run.problems]
    sections = []
    for key, title, make in made:
        try:
            body = make()
        except Exception as error:  # whatever is in a folder must not cost the rest of the page
            problems.append(f"{title}: cannot be shown ({type(error).__name__}: {error}).")
            body = h("p", "This part could not be made; see above.", class_="note")
        sections.append(Section(key, title, body))
    top = join([_warnings(runs, names), _listed([*notes(runs, names), *problems])])
    return page("compare", " | ".join(names), top, sections)


def comparison_text(runs: Sequence[RunData], names: Sequence[str]) -> str:
    """What differs, and the numbers, for a terminal."""
    found = mismatches(runs, names)
    rows = [[row.title, *row.cells()] for row in rows_of(runs, not found)]
    parts = [f"warning: {_WARNING}"] if found else []
    parts += [f"  {text}" for text in found] + [f"note: {text}" for text in notes(runs, names)]
    parts += ["", aligned(["", *names], rows)] if rows else ["Neither has any numbers."]
    changed = [[path, *said] for path, said in settings(runs)]
    if changed:
        parts += ["", aligned(["setting", *names], changed, left=1 + len(names))]
    return "\n".join(parts)


def _warnings(runs: Sequence[RunData], names: Sequence[str]) -> Html | None:
    found = mismatches(runs, names)
    if not found:
        return None
    return h(
        "div", h("b", _WARNING), h("ul", *(h("li", text) for text in found)), class_="warnings"
    )


def _listed(texts: Sequence[str]) -> Html | None:
    return h("ul", *(h("li", text) for text in texts), class_="note") if texts else None


def _metrics(runs: Sequence[RunData], names: Sequence[str], alike: bool) -> Html | None:
    rows = rows_of(runs, alike)
    if not rows:
        return None
    shown = [[row.title, *(_cell(row, i, alike) for i in range(len(names)))] for row in rows]
    hint = h("p", "In brackets: the difference from ", h("b", names[0]), ".", class_="note")
    return join([table(["", *names], shown), hint])


def _cell(row: Row, i: int, alike: bool) -> Cell:
    """A number, its difference in a colour where better and worse mean something."""
    kind = {True: "better", False: "worse", None: None}[row.better(i) if alike else None]
    delta = h("span", f" {row.delta(i)}", class_=kind) if row.delta(i) else None
    return Cell(join([row.text(i), delta]), row.values[i])


def _settings(runs: Sequence[RunData], names: Sequence[str]) -> Html:
    rows = [[h("code", path), *(h("code", text) for text in said)] for path, said in settings(runs)]
    if not rows:
        return h("p", "All settings are the same.")
    return table(["setting", *names], rows)


def _runs(runs: Sequence[RunData], names: Sequence[str]) -> Html:
    rows = [
        [
            name,
            h("code", str(run.folder.root)),
            status(run),
            "–" if run.seconds is None else duration(run.seconds),
            device(run.sessions[0]) if run.sessions else "–",
            commit(run.sessions[0]) if run.sessions else "–",
        ]
        for run, name in zip(runs, names, strict=True)
    ]
    return table(["run", "folder", "status", "training", "device", "commit"], rows)
