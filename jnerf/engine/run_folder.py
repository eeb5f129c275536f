"""The folder of a run: ``logs/<exp_name>/``.

    config.py      the resolved config, itself a runnable config file
    run.json       command, versions, commit, machine, seed, protocol; per start one of "sessions"
    log.jsonl      training and evaluation rows (jnerf.engine.logging)
    checkpoints/   step_00001000.safetensors ... (jnerf.engine.checkpoints.checkpoint)
    test/          metrics.json and pictures
    render/        orbit.mp4, orbit.gif
    report.html    all of it for people (jnerf.report)
    tensorboard/   event files, if asked for (jnerf.engine.watching.tensorboard)
    .lock          held by the process that trains here

A run never writes over another: starting in a folder that already holds one is an error unless it
is resumed.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from jnerf.engine.checkpoints.checkpoint import tidy
from jnerf.engine.guards.lock import take_lock
from jnerf.engine.guards.record import read_info
from jnerf.engine.logging import to_json
from jnerf.engine.machine import git_state, machine, versions
from jnerf.errors import ConfigError
from jnerf.files import check_writable, write_text_atomic


class RunFolder:
    """Paths of one run.

    >>> RunFolder(Path("logs/ngp_lego")).checkpoints.as_posix()
    'logs/ngp_lego/checkpoints'
    """

    def __init__(self, root: Path) -> None:
        """Names the folder; nothing is read or made.

        Args:
            root: the run's folder.
        """
        self.root = root
        self.config = root / "config.py"
        self.info = root / "run.json"
        self.log = root / "log.jsonl"
        self.checkpoints = root / "checkpoints"
        self.test = root / "test"
        self.render = root / "render"
        self.cameras = root / "cameras.json"
        self.exposures = root / "exposures.json"
        self.report = root / "report.html"
        self.tensorboard = root / "tensorboard"
        self.lock = root / ".lock"
        self._lock: IO | None = None

    @property
    def holds_run(self) -> bool:
        """Whether a step was trained here before: there is a log row or a checkpoint to lose.

        A start that failed before its first step (an image cannot be read, say) has left config.py
        and run.json; they do not stand in the way of the next.
        """
        if self.log.exists() and self.log.stat().st_size > 0:
            return True
        return self.checkpoints.is_dir() and any(self.checkpoints.iterdir())

    def begin(
        self,
        config_text: str,
        info: dict[str, Any],
        step: int,
        resume: bool,
        started_with: Mapping[str, Any] | None = None,
    ) -> None:
        """Claims the folder for a training run and writes config.py and run.json.

        Args:
            config_text: the resolved config as the text of a runnable config file.
            info: what run.json shall hold beside command, versions, commit and machine (seed,
                protocol).
            step: the step that training starts from.
            resume: continue the run that lies here, if one does.
            started_with: what the session of this start shall hold beside its command and machine.

        Raises:
            ConfigError: a run lies here and ``resume`` is False, another process trains here, or the path is no
                folder or not writable.
        """
        self.check_free(resume)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.claim()
            tidy(self.checkpoints, step)
            write_text_atomic(self.config, config_text)
            sessions = self._sessions() if self.holds_run else []
            if self.holds_run and not sessions:
                self._put_aside()
            sessions.append(_session(step) | dict(started_with or {}))
            write_text_atomic(
                self.info, to_json({**sessions[0], **info, "sessions": sessions}, indent=2) + "\n"
            )
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"cannot write the run folder {self.root}: {error}. Choose another with --save-dir."
        )

    def note_changes(self, step: int, changed: dict[str, Any]) -> None:
        """Puts down in run.json that settings were changed while it trained: the run is no longer its config's.

        Args:
            step: steps completed.
            changed: [before, after] of each, by its path.
        """
        try:
            info = json.loads(self.info.read_text(encoding="utf-8"))
            info["sessions"][-1].setdefault("live_changes", []).append(
                {"step": step, "changed": changed}
            )
            write_text_atomic(self.info, to_json(info, indent=2) + "\n")
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"cannot put down in {self.info} that settings have changed: {error}"
            ) from error

    def changes(self) -> dict[str, Any]:
        """The values that settings had in the end, of those that were changed while it trained; by path."""
        found: dict[str, Any] = {}
        for session in self._sessions():
            entries = session.get("live_changes", ())
            for entry in entries if isinstance(entries, list) else ():
                try:
                    found |= {path: values[1] for path, values in entry["changed"].items()}
                except (AttributeError, LookupError, TypeError):  # a damaged record is none
                    continue
        return found

    def check_free(self, resume: bool) -> None:
        """Raises ConfigError when a run lies here that is not to be resumed, or nothing may lie here.

        Args:
            resume: whether the run that lies here is continued.
        """
        if self.holds_run and not resume:
            raise ConfigError(
                f"{self.root} already holds a run. Continue it with --resume, write to another folder with "
                f"--save-dir, choose another exp_name, or remove the folder."
            )
        if not self.holds_run:
            self._check_alone()
        check_writable(self.root, "--save-dir")

    def check_begins_at_0(self) -> None:
        """Raises ConfigError where the run began with the checkpoint of another and has saved none of its own."""
        sessions = self._sessions()
        step = sessions[0].get("from_step") if sessions else None
        if isinstance(step, int) and step > 0:
            raise ConfigError(
                f"{self.root} has no checkpoint of its own, and its run began at step {step}, with that of another: "
                "--resume alone would begin anew at 0. Give --checkpoint as before (run.json has the command), or "
                "remove the folder."
            )

    def _check_alone(self) -> None:
        """Raises ConfigError where two runs would share a folder: a run's test/ or render/ is no place for another."""
        root = self.root.absolute()
        above = [folder for folder in root.parents if _is_run(folder)]
        below = [file.parent for file in root.rglob("run.json") if file.parent != root]
        if above:
            raise ConfigError(
                f"{self.root} lies in the folder of another run, {above[0]}, which would be mixed with it. Choose an "
                f"exp_name or --save-dir outside of it."
            )
        if any(map(_is_run, below)):
            raise ConfigError(
                f"{self.root} holds the folder of another run, {next(filter(_is_run, below))}, which would be mixed "
                f"with it. Choose another exp_name or --save-dir."
            )

    def claim(self) -> None:
        """Keeps other processes from training here until this one has ended, however it ends; may be called again.

        Raises:
            ConfigError: another process is training here, or the folder is not there or not writable.
        """
        self._lock = None  # if it was another of the same file, closing it later would give both back
        try:
            self._lock = take_lock(self.lock)
        except OSError as error:
            raise self._cannot_write(error) from error
        if self._lock is None:
            raise ConfigError(
                f"another process is training in {self.root}. Wait until it has ended or stop it, or write to "
                "another folder with --save-dir or exp_name."
            )

    def _sessions(self) -> list[dict[str, Any]]:
        """Its starts so far, as run.json has them; none of a file that is not there or damaged."""
        found = read_info(self.root).get("sessions")
        whole = isinstance(found, list) and all(isinstance(session, dict) for session in found)
        return found if whole else []

    def _put_aside(self) -> None:
        """Keeps a run.json that cannot be read: somebody may mend it."""
        if self.info.is_file():
            kept = self.info.with_name("run.json.damaged")
            os.replace(self.info, kept)
            warnings.warn(
                f"{self.info} is damaged: it is kept as {kept.name}, and a new one begins with this start",
                stacklevel=4,
            )


def _is_run(folder: Path) -> bool:
    """Whether a folder is that of a run of ours with something to lose."""
    return (folder / "run.json").is_file() and RunFolder(folder).holds_run


def _session(step: int) -> dict[str, Any]:
    return {
        "command": sys.argv,
        "started": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "from_step": step,
        "versions": versions(),
        "git": git_state(),
        "machine": machine(),
    }
