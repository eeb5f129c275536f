"""Progress bars that may lose their reader: the work behind them goes on."""

from __future__ import annotations

from typing import Any, TextIO

# The last: a signal came while the stream was being written to, and its handler writes too.
_LOST = (OSError, ValueError, RuntimeError)


class Unbroken:
    """A stream that swallows what nobody can read any more: a closed pipe, a terminal that has gone.

    Args:
        stream: the real one.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes, or loses the text."""
        try:
            return self._stream.write(text)
        except _LOST:
            return len(text)

    def flush(self) -> None:
        """Flushes, or does not."""
        try:
            self._stream.flush()
        except _LOST:
            pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
