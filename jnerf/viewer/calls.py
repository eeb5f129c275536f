"""What people click arrives on other threads; it waits here until the trainer's thread comes by."""

from __future__ import annotations

import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from jnerf.errors import JnerfError

#: Seconds between two complaints about the same function, which may fail at every turn with another number in its text.
_QUIET = 15.0


class Calls:
    """Calls in the order in which they were asked for; none that fails ends training.

    Args:
        complain: told what went wrong, in one line.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._waiting: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self._told: dict[Callable[..., Any], tuple[str, float]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Puts a call at the end; from any thread."""
        self._waiting.append((function, arguments))

    def run(self) -> None:
        """Makes all calls that wait; one that fails ends neither the others nor training."""
        while self._waiting:
            function, arguments = self._waiting.popleft()
            try:
                function(*arguments)
            except Exception as error:
                self._tell(error)

    def at_once(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Makes a call that comes again at each turn; an error that it has told it does not tell again.

        Args:
            function: to be called, from the trainer's thread.
            arguments: for it.

        Returns:
            What it gave; None where it failed.
        """
        try:
            return function(*arguments)
        except Exception as error:
            text, now = f"{type(error).__name__}: {error}", time.monotonic()
            last, when = self._told.get(function, ("", -_QUIET))
            if text != last and now - when >= _QUIET:
                self._told[function] = text, now
                self._tell(error)
            return None

    def _tell(self, error: Exception) -> None:
        if isinstance(error, (JnerfError, OSError, ValueError)):
            self._complain(str(error))
        else:  # of a user's panel, or our mistake
            traceback.print_exception(error, file=sys.stderr)
            self._complain(f"{type(error).__name__}: {error}")
