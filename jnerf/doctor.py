"""``python -m jnerf.doctor``: the command ``jnerf doctor``, for a machine where ``jnerf`` is on no path."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from jnerf.cli.commands import command


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the findings; returns the exit status.

    Args:
        arguments: None for those of the process.
    """
    return command("doctor", list(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    sys.exit(main())
