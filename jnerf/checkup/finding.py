"""One line of the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and how to mend it.

    Attributes:
        status: FAIL keeps jnerf from working, warn does not.
        name: of what was looked at.
        detail: what was found.
        mend: what the user can do.
        install: what pip could install to mend it: the words of each call.
    """

    status: Literal["OK", "warn", "FAIL"]
    name: str
    detail: str
    mend: str = ""
    install: tuple[tuple[str, ...], ...] = ()

    def text(self) -> str:
        """The line as printed; the mend follows on a line of its own.

        >>> Finding("FAIL", "compiler", "none", mend="install g++").text()
        'FAIL  compiler      none\\n                    mend: install g++'
        """
        line = f"{self.status:<4}  {self.name:<12}  {self.detail}"
        return f"{line}\n{'':20}mend: {self.mend}" if self.mend else line
