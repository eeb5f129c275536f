"""``report``: fills the tables of Markdown files from records.

A table stands between ``<!-- benchmark:NAME TABLE -->`` and ``<!-- /benchmark -->``. NAME is the record's file name
without ``.json``, TABLE one of the tables of its kind (``jnerf.benchmark.records.tables``); without TABLE all of them
stand there. Where a record has not been made yet, the block says so.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jnerf.benchmark.records.record import load
from jnerf.benchmark.records.tables import all_tables, one_table
from jnerf.errors import DataError

#: Where the records that back the project's own tables lie, from the project's root.
FOLDER = Path("docs") / "benchmarks"
_BLOCK = re.compile(
    r"^(?P<open><!-- benchmark:(?P<name>[\w-]+)(?: (?P<table>\w+))? -->\n)(?P<body>.*?)(?P<close><!-- /benchmark -->)$",
    re.S | re.M,
)
_MARK = re.compile(r"^ *<!-- (?:benchmark:.*?|/benchmark) -->", re.M)


def default_files() -> list[Path]:
    """The records in ``docs/benchmarks`` of the working directory."""
    return sorted(FOLDER.glob("*.json"))


def read_runs(files: list[Path]) -> dict[str, dict[str, Any]]:
    """Records by name.

    Raises:
        DataError: a file is no record, or two have the same name.
    """
    runs: dict[str, dict[str, Any]] = {}
    for file in files:
        if file.stem in runs:
            raise DataError(
                f"two records are called '{file.stem}': tables could not tell them apart"
            )
        runs[file.stem] = load(file)
    return runs


def filled(text: str, runs: dict[str, dict[str, Any]], source: str) -> str:
    """The text with every table made anew.

    Args:
        text: Markdown.
        runs: records by name.
        source: the file, for messages.

    Raises:
        DataError: a mark has no partner or is written wrongly, or a table does not exist.
    """
    n_blocks, n_marks = len(_BLOCK.findall(text)), len(_MARK.findall(text))
    if n_marks != 2 * n_blocks:
        raise DataError(
            f"{source}: {n_marks} benchmark marks make {n_blocks} blocks. Write each as '<!-- benchmark:NAME -->' or "
            "'<!-- benchmark:NAME TABLE -->' on a line of its own, closed by '<!-- /benchmark -->'."
        )
    return _BLOCK.sub(lambda found: _block(found, runs), text)


def _block(found: re.Match[str], runs: dict[str, dict[str, Any]]) -> str:
    name, wanted = found["name"], found["table"]
    if name not in runs:
        body = f"*Not measured yet: `{(FOLDER / name).as_posix()}.json` is missing.*"
    else:
        body = one_table(runs[name], wanted) if wanted else all_tables(runs[name])
    return f"{found['open']}{body}\n{found['close']}"


def fill_file(path: Path, runs: dict[str, dict[str, Any]], check: bool) -> bool:
    """Brings a file's tables up to date.

    Args:
        path: a Markdown file.
        runs: records by name.
        check: write nothing.

    Returns:
        Whether anything differed.

    Raises:
        DataError: the file cannot be read, or see ``filled``.
    """
    from jnerf.files import write_text_atomic

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error
    new = filled(text, runs, str(path))
    if new != text and not check:
        write_text_atomic(path, new)
    return new != text
