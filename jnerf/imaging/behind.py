"""Work that goes on behind whoever gives it, one part at a time: a picture is rendered while the last is written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Behind(Generic[Found]):
    """Use as a context manager; ``found`` is complete when it ends.

    There is never more than one part waiting or going on, so whoever gives one holds two in memory at most: that, and
    what it makes meanwhile. Parts must not touch Jittor, which has one thread.

    Args:
        apart: in a thread of its own; False: each part at once, by whoever gives it.

    Attributes:
        found: what the parts gave, in their order.
    """

    def __init__(self, apart: bool) -> None:
        self._pool = ThreadPoolExecutor(1, "jnerf-behind") if apart else None
        self._last: Future[Found] | None = None
        self.found: list[Found] = []

    def __enter__(self) -> Behind[Found]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits for the part that goes on; what it raises is raised here, unless something else is."""
        try:
            if kind is None:
                self._take()
        finally:
            if self._pool is not None:
                self._pool.shutdown()

    def add(self, part: Callable[[], Found]) -> None:
        """Gives a part, once the one before is done.

        Raises:
            BaseException: whatever the part before raised; this one is not begun then.
        """
        self._take()
        if self._pool is None:
            self.found.append(part())
        else:
            self._last = self._pool.submit(part)

    def _take(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            self.found.append(last.result())
