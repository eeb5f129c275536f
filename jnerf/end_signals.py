"""SIGTERM and SIGHUP as Ctrl-C: what can be kept is kept, and said."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class EndSignals:
    """While active, the first SIGTERM or SIGHUP raises KeyboardInterrupt; a second one acts as it always did.

    A signal that is ignored (``nohup``) stays so. Outside the main thread nothing is caught, nor in processes that are
    forked meanwhile: a pool of compilers is ended by SIGTERM, and waits for ever for one that takes it for Ctrl-C.

    Attributes:
        name: of the signal that came; empty if none did.
        status: exit status that says so; 0 if none came.
    """

    def __init__(self) -> None:
        """Nothing is caught before it is entered."""
        self.name, self.status = "", 0
        self._previous: dict[int, Any] = {}
        self._process = os.getpid()

    def __enter__(self) -> EndSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._previous[number] = signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        if os.getpid() != self._process:
            os.kill(os.getpid(), number)
            return
        self.name, self.status = signal.Signals(number).name, 128 + number
        raise KeyboardInterrupt

    def _restore(self) -> None:
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, handler)
