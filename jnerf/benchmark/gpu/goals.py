"""The goals of a GPU, and what records and parts of ``make test-cuda`` say of each. The numbers are an H200's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jnerf.benchmark.gpu.sanitizers import SANITIZERS
from jnerf.figures.metrics import seconds_to


@dataclass(frozen=True)
class _Goal:
    """One goal.

    Attributes:
        what: in words, with its unit.
        goal: at least so much where ``more`` is better, at most so much where it is not.
        floor: what is enough until the goal is reached; None: the goal itself.
    """

    what: str
    goal: float
    floor: float | None = None
    more: bool = False

    def judged(self, value: float | None) -> str:
        """One of "reached", "floor", "missed", "not measured"."""
        if value is None:
            return "not measured"
        sign = 1 if self.more else -1
        if sign * value >= sign * self.goal:
            return "reached"
        return "floor" if self.floor is not None and sign * value >= sign * self.floor else "missed"


_GOALS = {
    "steps": _Goal("lego, 2^18 samples a step: steps/s", 400, 250, more=True),
    "seconds_30": _Goal("lego, 30 dB: seconds of training", 2),
    "seconds_36": _Goal("lego, 36.3 dB on 25 views: seconds of training", 90, 150),
    "view": _Goal("one view of lego, 800 x 800: ms", 20, 40),
    "first": _Goal("first run from empty caches, with its pictures: s", 90),
    "tests": _Goal("tests on CUDA that fail", 0),
    "sanitizer": _Goal("tools of compute-sanitizer that find something", 0),
    "methods": _Goal("methods off the CPU's PSNR by more than 0.2 dB", 0),
}


def goals(
    records: Mapping[str, Mapping[str, Any]], found: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """A row for each goal.

    Args:
        records: of ``make test-cuda`` by the names of its parts: ``train``, ``long``, ``render``.
        found: its summary: ``passed``, ``failed``, ``findings``, ``parts``, ``methods``, ``cold``.

    Returns:
        ``what``, ``goal``, ``floor``, ``measured`` (None where it was not), and ``result``: "reached", "floor",
        "missed", "not measured".
    """
    said = {row["part"]: row["result"] for row in found["parts"]}
    values: dict[str, float | None] = {
        "steps": _steps_per_second(records.get("train")),
        "seconds_30": _seconds(records.get("train"), 30.0),
        "seconds_36": _seconds(records.get("long"), 36.3),
        "view": _view_ms(records.get("render")),
        "first": _first_run(found),
        "tests": _failing(said.get("tests"), len(found["failed"]), found["passed"]),
        "sanitizer": _found_by_tools(said, found["findings"]),
        "methods": _differing(said.get("small_cuda"), found["methods"]),
    }
    return [
        {
            "what": goal.what,
            "goal": goal.goal,
            "floor": goal.floor,
            "measured": values[name],
            "result": goal.judged(values[name]),
        }
        for name, goal in _GOALS.items()
    ]


def _of_lego(record: Mapping[str, Any]) -> bool:
    results = record["results"]
    return "ngp_lego.py" in (results["runs"][0] if "runs" in results else results)["config"]


def _steps_per_second(record: Mapping[str, Any] | None) -> float | None:
    """Of the curve behind its warm-up."""
    if record is None or not _of_lego(record):
        return None
    run = record["results"]["runs"][0]
    rows = [row for row in run["curve"] if row["step"] >= run["measured_from_step"]]
    if len(rows) < 2 or rows[-1]["seconds"] <= rows[0]["seconds"]:
        return None
    return (rows[-1]["step"] - rows[0]["step"]) / (rows[-1]["seconds"] - rows[0]["seconds"])


def _seconds(record: Mapping[str, Any] | None, level: float) -> float | None:
    if record is None or not _of_lego(record):
        return None
    rows = record["results"]["runs"][0]["evaluations"]
    return seconds_to([(row["seconds"], row["psnr"]) for row in rows if row.get("psnr")], level)


def _view_ms(record: Mapping[str, Any] | None) -> float | None:
    if record is None or not _of_lego(record) or record["results"]["width"] != 800:
        return None
    return 1e3 * record["results"]["seconds"]["median"]


def _first_run(found: Mapping[str, Any]) -> float | None:
    """Seconds of the part ``demo``, if nothing was compiled before it."""
    rows = [row for row in found["parts"] if (row["part"], row["result"]) == ("demo", "passed")]
    return rows[0]["seconds"] if rows and found["cold"] else None


def _failing(said: str | None, failed: int, passed: int) -> float | None:
    """A part that was cut has measured nothing unless a test failed before."""
    if failed or said is None:
        return failed or None
    return 0 if said == "passed" and passed else None


def _found_by_tools(said: Mapping[str, str], findings: Mapping[str, list[str]]) -> float | None:
    """What a tool has said counts also if it was cut; that the program under it failed is nothing that it found."""
    found = sum(bool(findings.get(tool)) for tool in SANITIZERS)
    return found if found or all(said.get(tool) == "passed" for tool in SANITIZERS) else None


def _differing(said: str | None, rows: list[Mapping[str, Any]]) -> float | None:
    """Those that failed count; as long as some are not done the number is not known, unless some differ."""
    if said is None or not rows:
        return None
    wrong = sum(row["result"] == "differs" or row["result"].startswith("failed") for row in rows)
    return wrong if wrong or all(row["result"] == "same" for row in rows) else None
