"""Re-reads kernels and settings of a run that trains, between two steps: by SIGUSR1, or by a button of the viewer.

A wrong edit is reported, and what was there stays. Without a config file to re-read (a run started from Python) kernels
alone are re-read.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from tqdm import tqdm

from jnerf.engine.hooks import Hook
from jnerf.engine.live.changes import Outcome, change, take_config
from jnerf.engine.live.kernels import Kernels
from jnerf.engine.trainer import Trainer
from jnerf.engine.watching.progress import Unbroken
from jnerf.errors import JnerfError

#: What asks for it from outside.
SIGNAL = signal.SIGUSR1


class LiveEdits(Hook):
    """Edits of a run that goes on.

    Args:
        read_config: loads the config anew, as the run began: the same file and overrides; None where there is none.
    """

    def __init__(self, read_config: Callable[[], Any] | None = None) -> None:
        self._read_config = read_config
        self._asked = False
        self._trainer: Trainer | None = None
        self._kernels: Kernels | None = None
        self._previous: Any = None

    def begin(self, trainer: Trainer) -> None:
        """Listens to the signal, where Python allows it: in the main thread."""
        self._trainer, self._kernels = trainer, Kernels()
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(SIGNAL, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def after_step(self, trainer: Trainer) -> None:
        """Does what was asked for since the last step."""
        if self._asked:
            self._asked = False
            for line in [*self.reread_kernels(), *self.reread_config()]:
                tqdm.write(f"step {trainer.step}: {line}", file=Unbroken(sys.stdout))

    def end(self, trainer: Trainer) -> None:
        """Listens no more."""
        if self._previous is not None:
            signal.signal(SIGNAL, self._previous)
            self._previous = None
        if self._kernels is not None:
            self._kernels.close()
        self._trainer = self._kernels = None

    def reread_kernels(self) -> list[str]:
        """Takes edited kernel headers; returns what to tell."""
        trainer, kernels = self._running()
        found = kernels.reread()
        if found.taken:
            trainer.write({"event": "kernels", "ops": found.taken})
        return found.lines()

    def reread_config(self) -> list[str]:
        """Takes what may change of the config file; returns what to tell."""
        trainer, _ = self._running()
        if self._read_config is None:
            return ["there is no config file to re-read"]
        try:
            return take_config(trainer, self._read_config()).lines()
        except JnerfError as error:
            return [f"the config stays as it was: {error}"]

    def change(self, values: Mapping[str, Any]) -> Outcome:
        """Changes settings by their paths.

        Raises:
            ConfigError: a value is wrong; nothing has changed then.
        """
        return change(self._running()[0], values)

    def _running(self) -> tuple[Trainer, Kernels]:
        if self._trainer is None or self._kernels is None:
            raise JnerfError("nothing is trained now, so nothing can be changed")
        return self._trainer, self._kernels
