"""How far a run is, by its folder alone: what a process says of itself is lost with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jnerf.engine.checkpoints.checkpoint import checkpoint_paths, checkpoint_step
from jnerf.engine.run_folder import RunFolder
from jnerf.sweep.plan import Plan, Run

_TAIL = 1 << 14  # bytes of a log in which its last row lies


@dataclass(frozen=True)
class State:
    """How far a run is.

    Attributes:
        complete: trained, and tested if it is to be.
        saved: step of the newest checkpoint, from which it would go on; 0: from the start.
    """

    complete: bool
    saved: int

    def told(self, total: int) -> str:
        """In words.

        >>> State(False, 100).told(300)
        'goes on after step 100 of 300'
        """
        if self.complete:
            return "complete"
        if self.saved >= total:
            return "to be tested"
        return f"goes on after step {self.saved} of {total}" if self.saved else "not begun"


def state_of(
    root: Path,
    total_steps: int,
    n_images: int | None,
    tested: bool,
    judged_with: Mapping[str, Any] | None = None,
) -> State:
    """Reads a run's folder, which need not be there.

    Args:
        root: the folder.
        total_steps: steps that it is to train.
        n_images: test views that it is to be judged on; None: all.
        tested: whether it ends with a test.
        judged_with: settings of that test, see ``jnerf.engine.guards.judged``; None: the defaults.
    """
    folder = RunFolder(root)
    newest = next(iter(checkpoint_paths(folder.checkpoints)), None)
    saved = checkpoint_step(newest) if newest else 0
    if not tested:
        return State(saved >= total_steps, saved)
    told = part_of(folder.test / "metrics.json", "protocol")
    step = told.get("step")
    if not isinstance(step, int) or step < total_steps:
        return State(False, saved)
    there = part_of(folder.info, "data", "test").get("n_images")
    alike = told.get("judged_with", {}) == (judged_with or {})
    return State(alike and _judged_on(told.get("n_images"), n_images, there), saved)


def _judged_on(judged: int | str | None, wanted: int | None, there: int | None) -> bool:
    """Whether a test was on as many views as it is to be.

    Args:
        judged: on how many it was; of what is not judged by views, how many were asked for, or "all".
        wanted: None: all.
        there: how many the scene has; None: nobody knows, as of a scene without cameras.
    """
    if not isinstance(judged, int):
        return judged == (wanted or "all")
    if there is None:
        return wanted is None or judged <= wanted
    return judged == min(wanted or there, there)


def state(plan: Plan, run: Run) -> State:
    """How far a run of a plan is."""
    return state_of(plan.folder(run), run.total_steps, run.n_images, run.tested, run.judged_with)


def live_step(root: Path) -> int:
    """The step of the last row of a run's log; 0 where there is none that can be read."""
    try:
        with RunFolder(root).log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return 0
    for line in reversed(lines):
        try:
            return int(json.loads(line)["step"])
        except (ValueError, KeyError, TypeError):
            continue  # torn, or cut at its beginning
    return 0


def part_of(path: Path, *keys: str) -> Mapping[str, Any]:
    """A part of a JSON file; empty where it is not there."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for key in keys:
            found = found[key]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
