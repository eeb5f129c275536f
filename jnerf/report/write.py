"""``report.html`` of a run: everything about it on one page that needs nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jnerf.engine.run_folder import RunFolder
from jnerf.files import write_text_atomic
from jnerf.report.curves import charts_of, curves_html, on_the_way
from jnerf.report.html import Html, h
from jnerf.report.page import Section, check_output, page
from jnerf.report.run_data import RunData, holds_run, read_run
from jnerf.report.sections.config import config
from jnerf.report.sections.environment import environment
from jnerf.report.sections.film import film
from jnerf.report.sections.head import head
from jnerf.report.sections.protocol import protocol
from jnerf.report.sections.test_table import test_table
from jnerf.report.sections.views import views

#: In the order of the page; its anchor, its heading, and what makes it.
SECTIONS: tuple[tuple[str, str, Callable[[RunData], Html | None]], ...] = (
    ("curves", "Curves", lambda run: curves_html(charts_of(run), on_the_way([run]))),
    ("test", "Test", test_table),
    ("views", "Views", views),
    ("film", "Film", film),
    ("protocol", "Protocol", protocol),
    ("config", "Config", config),
    ("environment", "Environment", environment),
)


def write_report(root: Path, output: Path | None = None, force: bool = True) -> RunData:
    """Writes the report of a run.

    Args:
        root: the run's folder.
        output: the file; None: ``report.html`` in the folder.
        force: write over a file that is no page of ours.

    Returns:
        What the folder says.

    Raises:
        DataError: no run lies there.
        ConfigError: see ``force``.
        OSError: the file cannot be written.
    """
    run = read_run(root)
    path = output or run.folder.report
    check_output(path, force)
    run.page_folder = path.parent
    write_text_atomic(path, report_html(run))
    return run


def report_html(run: RunData) -> str:
    """The page; a part that cannot be made says why, and the others are there."""
    problems: list[str] = []
    sections = []
    for key, title, make in SECTIONS:
        try:
            body = make(run)
        except Exception as error:  # whatever is in the folder must not cost the rest of the page
            problems.append(f"{title}: cannot be shown ({type(error).__name__}: {error}).")
            body = h("p", "This part could not be made; see above.", class_="note")
        sections.append(Section(key, title, body))
    return page("report", run.name, head(run, problems), sections)


@contextmanager
def report_if_broken(config: Mapping[str, Any]) -> Iterator[None]:
    """Writes the report of a run that an error ends after it has trained here; the error is passed on.

    Args:
        config: of the run.
    """
    root = Path(config.get("save_dir") or "logs") / str(config.get("exp_name"))
    before = _written(RunFolder(root))
    try:
        yield
    except Exception:
        if _written(RunFolder(root)) != before:
            report_after(config, {"folder": root})
        raise


def _written(folder: RunFolder) -> int:
    """Bytes of the log; 0 without one."""
    try:
        return folder.log.stat().st_size
    except OSError:
        return 0


def report_after(config: Mapping[str, Any], done: Mapping[str, Any]) -> None:
    """Writes the report when a task has ended, if the config wants one; a fault is a warning and nothing more.

    Args:
        config: of the run; ``report``.
        done: what ``jnerf.engine.run.run`` returned; ``folder``.
    """
    folder = RunFolder(Path(done["folder"]))
    if not config.get("report", True) or not holds_run(folder):  # a film of weights from elsewhere
        return
    try:
        print(f"report -> {write_report(folder.root).folder.report}")
    except Exception as error:  # training is done, and worth more than a page about it
        warnings.warn(
            f"no report was written: {error}. Make it later with: jnerf report {folder.root}",
            stacklevel=2,
        )
