"""Sweeps of runs that train nothing (``fake_training``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fake_training import PROGRAM, ROOT

from jnerf.sweep.plan import Plan, Run


def fake_run(name: str, total: int = 20, **other: Any) -> Run:
    """A run called ``method-scene`` or ``method-scene-seed``."""
    method, scene, *rest = name.split("-")
    settings = {"seed": int(rest[0]) if rest else 0} | other
    return Run(
        name,
        method,
        scene,
        settings.pop("variant", ""),
        "some.py",
        (),
        total_steps=total,
        **settings,
    )


def fake_plan(root: Path, names: list[str], total: int = 20, **behaviour: dict) -> Plan:
    """A plan of such runs.

    Args:
        root: folder of the sweep, made here.
        names: of its runs.
        total: steps of each.
        behaviour: of runs, by name with "_" for "-".
    """
    root.mkdir(parents=True, exist_ok=True)
    told = {name.replace("_", "-"): how for name, how in behaviour.items()}
    (root / "fake.json").write_text(json.dumps(told))
    return Plan(root, [fake_run(name, total) for name in names])


_SWEEP = """
import json, sys
from pathlib import Path
sys.path[:0] = [{root!r}, {helpers!r}]
from fake_sweeps import fake_plan
from fake_training import PROGRAM
import jnerf.sweep.run as run
run.check_folders = lambda plan: None  # the runs have no configs
root, names, total, behaviour, settings = json.loads(sys.argv[1])
plan = fake_plan(Path(root), names, total, **behaviour)
from jnerf.command_line import exit_status
sys.exit(exit_status(lambda: run.sweep(plan, run.Settings(program=PROGRAM, **settings)), ""))
"""


def start_sweep(
    root: Path, names: list[str], total: int = 20, behaviour: dict | None = None, **settings: Any
) -> subprocess.Popen:
    """The sweep as a process of its own, which can be killed; its output is text in a pipe."""
    code = _SWEEP.format(root=str(ROOT), helpers=str(Path(__file__).parent))
    told = json.dumps([str(root), names, total, behaviour or {}, settings])
    return subprocess.Popen(
        [sys.executable, "-c", code, told],
        env={**os.environ, "PYTHONPATH": str(ROOT), "JNERF_DEVICE": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


__all__ = ["PROGRAM", "fake_plan", "fake_run", "start_sweep"]
