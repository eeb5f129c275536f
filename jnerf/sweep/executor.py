"""What starts runs and watches them: an interface, so that a sweep is the same on one machine and on many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path

from jnerf.sweep.job import Outcome
from jnerf.sweep.plan import Run


class Executor(ABC):
    """Starts runs. All of its methods return at once but ``close``."""

    @abstractmethod
    def room(self) -> int:
        """How many more runs may begin now."""

    @abstractmethod
    def start(self, run: Run, root: Path) -> str:
        """Begins a run, or goes on with it.

        Args:
            run: one that does not run here.
            root: its folder.

        Returns:
            With what, in words: "1 thread, GPU 0".

        Raises:
            OSError: the folder cannot be written.
        """

    @abstractmethod
    def finished(self) -> Iterable[tuple[str, Outcome]]:
        """What has ended since the last call: names, and what became of them."""

    @property
    @abstractmethod
    def running(self) -> list[str]:
        """Names of the runs that have begun and not ended."""

    @abstractmethod
    def stop(self) -> None:
        """Asks every run to save and leave; ``finished`` tells when they have."""

    @abstractmethod
    def close(self) -> None:
        """Ends at once what still runs."""
