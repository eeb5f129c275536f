"""What people click arrives on other threads; it waits here until the trainer's thread comes by."""

from __future__ import annotations

import sys
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any

from jnerf.errors import JnerfError


class Calls:
    """Calls in the order in which they were asked for.

    Args:
        complain: told what went wrong, in one line.
    """

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._waiting: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()

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
            except (JnerfError, OSError, ValueError) as error:
                self._complain(str(error))
            except (
                Exception
            ) as error:  # of a user's panel, or our mistake: training must not pay for it
                traceback.print_exc(file=sys.stderr)
                self._complain(f"{type(error).__name__}: {error}")
