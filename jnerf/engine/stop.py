"""Ctrl-C, SIGTERM and a closed terminal as a polite request: finish the step, save, leave."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from tqdm import tqdm

from jnerf.end_signals import put_back
from jnerf.engine.watching.progress import Unbroken


class StopSignal:
    """While active, the first SIGINT, SIGTERM or SIGHUP only sets a flag; a second one acts as it always
    did, and ends what was to ignore it. SIGHUP that is ignored (``nohup``) stays so.

    Outside the main thread, where Python allows no signal handlers, the flag just never rises.

    >>> with StopSignal("saving") as stop:
    ...     stop()
    False
    """

    def __init__(self, told: str, further: bool = False) -> None:
        """Nothing is caught before it is entered.

        Args:
            told: what is said to happen now.
            further: SIGUSR2 asks for it too: mpirun hands that one on, and does not kill what is slow to follow.
        """
        self._told = told
        self._signals = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        self._signals += [signal.SIGUSR2] if further else []
        self._requested = self._taken = False
        self._previous: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether a stop was asked for."""
        return self._requested

    def request(self) -> None:
        """Asks for a stop without a signal."""
        self._requested = True

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue
                self._previous[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        put_back(self._previous)

    def _take(self, number: int, frame: FrameType | None) -> None:
        # Another signal may come between any two lines here, and is the second one then.
        first, self._taken = not self._taken, True
        put_back(self._previous)
        if signal.getsignal(number) == signal.SIG_IGN:  # a script's job in the background: it was sent on purpose
            end = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, end)
        if not first:
            signal.raise_signal(number)
            return
        self.request()
        name = signal.Signals(number).name
        told = f"{name}: {self._told}; once more to quit at once"
        tqdm.write(told, file=Unbroken(sys.stdout))
