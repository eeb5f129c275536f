"""``compare``: two records of one kind, number by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from jnerf.benchmark.records.tables import machine_line
from jnerf.errors import DataError
from jnerf.figures.numbers import number
from jnerf.figures.tables import table

# Numbers under these names are inputs or statistics of no interest by themselves.
_SKIPPED = ("count", "n", "max", "calls", "curve", "protocol", "repeats", "bytes", "flop")
# What entries of lists are about; with all of these no two entries of our records are called alike.
_NAMES = (
    *("simd", "config", "sizes", "scene", "exp_name", "choice", "way", "op", "kernel", "case"),
    *("method", "what", "part", "step", "value", "gib", "as_on"),
)


def comparison(before: dict[str, Any], after: dict[str, Any]) -> str:
    """A table of the numbers that both records have, with the ratio after / before.

    Raises:
        DataError: the records are of different kinds.
    """
    if before["kind"] != after["kind"]:
        raise DataError(f"compare: a record of '{before['kind']}' and one of '{after['kind']}'")
    old, new = (dict(_numbers(record["results"])) for record in (before, after))
    rows = [
        [name, number(value), number(new[name]), f"{new[name] / value:.3f}" if value else "–"]
        for name, value in old.items()
        if name in new
    ]
    lines = [table(["number", "before", "after", "ratio"], rows), ""]
    for label, record in (("before", before), ("after", after)):
        lines.append(f"{label}: {machine_line(record)}")
    missing = len(old.keys() ^ new.keys())
    return "\n".join(lines + ([f"{missing} numbers are in one record only."] if missing else []))


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Numbers with their place; entries of lists are called by what they are about, not by their index."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in _SKIPPED and name not in _NAMES:
                yield from _numbers(item, f"{path} {name}".strip())
    elif isinstance(value, list):
        for label, item in zip(_labels(value), value, strict=True):
            yield from _numbers(item, f"{path} [{label}]")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value


def _labels(entries: list[Any]) -> Iterator[str]:
    """What to call entries: by what they are about, else by their index; numbered where that is the same."""
    met: Counter[str] = Counter()
    for i, entry in enumerate(entries):
        names = _NAMES if isinstance(entry, dict) else ()
        label = " ".join(str(entry[name]) for name in names if entry.get(name)) or str(i)
        met[label] += 1
        yield label if met[label] == 1 else f"{label} ({met[label]})"
