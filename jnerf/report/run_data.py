"""What a run's folder says, as far as it can be read: a killed run, an old one and a broken file give the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jnerf.checks.numbers import is_number
from jnerf.config.dump import read_dump
from jnerf.engine.logging import read_log
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError, DataError

#: Of an evaluation's row, what is no metric; neither are counts (``n_``) and seconds for each item.
_NO_METRIC = ("step", "seconds", "downscale", "pixels_rendered")


@dataclass
class RunData:
    """A run as its files tell it.

    Attributes:
        folder: where they lie.
        info: run.json; empty where there is none.
        config: the resolved config; None where there is none.
        config_text: its file.
        rows: training rows of the log.
        evaluations: evaluation rows, their metrics beside ``step`` and ``seconds``.
        test: metrics.json, with ``protocol``, ``mean`` and ``items``; empty where there was no test.
        unit: what an item is called: "image".
        problems: what could not be read, a sentence each.
        page_folder: where the page lies that is made of it, which names files from there; None: in ``folder``.
    """

    folder: RunFolder
    info: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] | None = None
    config_text: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    test: dict[str, Any] = field(default_factory=dict)
    unit: str = "image"
    problems: list[str] = field(default_factory=list)
    page_folder: Path | None = None

    @property
    def name(self) -> str:
        """The run's name: its ``exp_name``, or of a folder that was renamed since, the folder's."""
        noted, folder = (
            Path(str(self.protocol.get("exp_name") or "")),
            self.folder.root.resolve().name,
        )
        return str(noted) if noted.name == folder else folder

    @property
    def protocol(self) -> dict[str, Any]:
        """What its numbers depend on: that of the test, else that of training."""
        return self.test.get("protocol") or as_dict(self.info.get("protocol"))

    @property
    def mean(self) -> dict[str, float]:
        """The metrics of the test; of a run without one, those of its last evaluation."""
        if self.test:
            return self.test["mean"]
        return eval_metrics(self.evaluations[-1]) if self.evaluations else {}

    @property
    def step(self) -> int:
        """Steps trained."""
        return max([row["step"] for row in (*self.rows, *self.evaluations)], default=0)

    @property
    def total_steps(self) -> int | None:
        """Steps wanted; None where the config cannot be read."""
        found = (self.config or {}).get("total_steps")
        return found if isinstance(found, int) else None

    @property
    def seconds(self) -> float | None:
        """Training seconds; None of a log without rows."""
        times = [
            r["seconds"] for r in (*self.rows, *self.evaluations) if is_number(r.get("seconds"))
        ]
        return max(times, default=None)

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """Its starts, in order."""
        found = self.info.get("sessions")
        return [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []

    @property
    def edits(self) -> list[tuple[int, str, Any, Any]]:
        """Settings that were changed while it trained: step, path, value before and after."""
        found = []
        for session in self.sessions:
            entries = session.get("live_changes")
            for entry in entries if isinstance(entries, list) else []:
                for path, values in as_dict(as_dict(entry).get("changed")).items():
                    if isinstance(values, list) and len(values) == 2:
                        found.append((entry.get("step", 0), path, *values))
        return found


def read_run(root: Path) -> RunData:
    """Reads a run's folder.

    Args:
        root: the folder.

    Raises:
        DataError: no run lies there.
    """
    folder = RunFolder(root)
    if not root.is_dir():
        what = "a file, not a run's folder" if root.exists() else "not there"
        raise DataError(f"{root} is {what}. Give the folder of a run, such as logs/ngp_lego")
    if not holds_run(folder):
        runs = sorted(path.parent.name for path in root.glob("*/run.json"))
        inside = f"; it holds the runs {', '.join(runs[:8])}: give one of them" if runs else ""
        raise DataError(
            f"{root} is no run's folder: it has neither run.json, log.jsonl nor config.py{inside}"
        )
    run = RunData(folder)
    run.info = _read_json(folder.info, run.problems)
    _read_config(run)
    _read_rows(run)
    _read_test(run)
    return run


def holds_run(folder: RunFolder) -> bool:
    """Whether there is anything to report: training, or at least a test of weights from elsewhere."""
    files = folder.info, folder.log, folder.config, folder.test / "metrics.json"
    return any(file.is_file() for file in files)


def eval_metrics(row: dict[str, Any]) -> dict[str, float]:
    """The metrics of an evaluation, by name.

    >>> eval_metrics({"step": 1, "psnr": 20.0, "n_images": 3, "downscale": 4})
    {'psnr': 20.0}
    """
    return {
        name: value
        for name, value in row.items()
        if is_number(value) and name not in _NO_METRIC and not name.startswith(("n_", "seconds_"))
    }


def as_dict(value: Any) -> dict[str, Any]:
    """A dict, or an empty one in place of something else."""
    return value if isinstance(value, dict) else {}


def _read_json(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"There is no {path.name}.")
        return {}
    except (OSError, ValueError, RecursionError) as error:
        problems.append(f"{path.name} cannot be read: {error}.")
        return {}
    if not isinstance(found, dict):
        problems.append(f"{path.name} is no JSON object.")
    return as_dict(found)


def _read_config(run: RunData) -> None:
    path = run.folder.config
    try:
        run.config_text = path.read_text(encoding="utf-8", errors="replace")
        run.config = read_dump(run.config_text)
    except FileNotFoundError:
        run.problems.append(f"There is no {path.name}.")
    except (OSError, ConfigError) as error:
        run.problems.append(f"{path.name} cannot be read: {error}.")


def _read_rows(run: RunData) -> None:
    path = run.folder.log
    try:
        found = read_log(path)
        lines = sum(bool(line.strip()) for line in path.read_bytes().splitlines())
    except FileNotFoundError:
        run.problems.append(f"There is no {path.name}: nothing was trained.")
        return
    except OSError as error:
        run.problems.append(f"{path.name} cannot be read: {error}.")
        return
    if torn := lines - len(found):
        run.problems.append(
            f"{path.name}: {torn} of {lines} lines cannot be read, as a killed run leaves them; left out."
        )
    for row in found:
        if "eval" not in row:
            run.rows.append(row)
        elif isinstance(row["eval"], dict):
            run.evaluations.append(row["eval"] | {k: row.get(k) for k in ("step", "seconds")})


def _read_test(run: RunData) -> None:
    path = run.folder.test / "metrics.json"
    if not path.exists():
        return
    found = _read_json(path, run.problems)
    if not found:
        return
    mean = {k: v for k, v in as_dict(found.get("mean")).items() if v is None or is_number(v)}
    lists = [name for name, value in found.items() if isinstance(value, list)]
    items = [item for name in lists[:1] for item in found[name] if isinstance(item, dict)]
    if not mean:
        run.problems.append(f"{path.name} has no metrics.")
    run.unit = lists[0].removesuffix("s") if lists else run.unit
    run.test = {"protocol": as_dict(found.get("protocol")), "mean": mean, "items": items}
