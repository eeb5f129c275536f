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
    forked meanwhile: pools of compilers are ended by SIGTERM, and a handler does not run in one that waits for a lock,
    so that it would be waited for for ever.

    Attributes:
        name: of the signal that came; empty if none did.
        status: exit status that says so; 0 if none came.
    """

    def __init__(self) -> None:
        """Nothing is caught before it is entered."""
        self.name, self.status = "", 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> EndSignals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._previous[number] = signal.signal(number, self._take)
        _active.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        put_back(self._previous)
        if self in _active:
            _active.remove(self)

    def _take(self, number: int, frame: FrameType | None) -> None:
        put_back(self._previous)
        self.name, self.status = signal.Signals(number).name, 128 + number
        raise KeyboardInterrupt


def put_back(previous: dict[int, Any]) -> None:
    """Gives signals the handlers that they had before, and forgets them; another signal may come at any line of it.

    Args:
        previous: handlers by signal; None: one that was not installed from Python and cannot be put back.
    """
    for number, handler in list(previous.items()):
        signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    previous.clear()


_active: list[EndSignals] = []


def _forget_in_child() -> None:
    while _active:
        put_back(_active.pop()._previous)


os.register_at_fork(after_in_child=_forget_in_child)
