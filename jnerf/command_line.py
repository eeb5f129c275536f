"""What the tools share: flags and overrides in any order, errors as one line, exit status."""

from __future__ import annotations

import argparse
import contextlib
import difflib
import errno
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial

from jnerf.end_signals import EndSignals
from jnerf.errors import CheckpointError, ConfigError, DataError, JnerfError
from jnerf.runtime import mpi
from jnerf.runtime.faults import explain

#: Seconds in which the first of several processes can tell an error that all have.
_PATIENCE = 2.0
#: Exit status of what was broken off, also where it could save first.
INTERRUPTED = 130
#: What the user's disk can do to us; any other OSError is our mistake and keeps its traceback.
DISK_FAULTS = frozenset(
    getattr(errno, name)
    for name in "ENOSPC EDQUOT EFBIG EROFS EACCES EPERM EEXIST ENOTDIR EISDIR EIO ESTALE ENAMETOOLONG ELOOP".split()
)


def command_parser(
    prog: str, description: str | None, epilog: str, conflict_handler: str = "error"
) -> argparse.ArgumentParser:
    """A parser as every command has it: no flag may be shortened, and the text below the flags stays as it is.

    Args:
        prog: the command's name.
        description: what it does.
        epilog: shown below the flags: examples and exit statuses.
        conflict_handler: of a flag that is added twice: an ``error``, or ``resolve`` for the last.
    """
    return argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        conflict_handler=conflict_handler,
    )


def parse(parser: argparse.ArgumentParser, arguments: list[str] | None) -> argparse.Namespace:
    """Parse flags and positionals in any order; on an unknown flag, exit with status 2 and name the nearest.

    Args:
        parser: without sub-commands. If it has ``overrides``, words such as ``n_rays=64`` are some wherever they
            stand, also behind a flag that takes several words.
        arguments: None for those of the process.
    """
    try:
        options, unknown = parser.parse_known_intermixed_args(arguments)
    except SystemExit:  # of --help, perhaps into a pipe that somebody has closed
        _discard_output()
        raise
    if unknown:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        if not unknown[0].startswith("-"):
            parser.error(
                f"one word too many: {unknown[0]}. {parser.prog} --help shows what it takes"
            )
        near = difflib.get_close_matches(unknown[0].split("=")[0], flags, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        parser.error(f"unknown flag {unknown[0]}.{meant} Valid: {', '.join(flags)}")
    if hasattr(options, "overrides"):
        _collect_overrides(parser, options)
    return options


def _collect_overrides(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Takes overrides out of the values of flags with any number of words: ``--output a.ply n_rays=64``."""
    for action in parser._actions:
        words = getattr(options, action.dest, None)
        if action.option_strings and action.nargs in ("+", "*") and words:
            options.overrides += [word for word in words if _is_override(word)]
            setattr(options, action.dest, [word for word in words if not _is_override(word)])


def _is_override(word: object) -> bool:
    return isinstance(word, str) and "=" in word


def exit_status(execute: Callable[[], int | None], mend: str) -> int:
    """Runs a command; errors that the user can mend are printed as one line.

    An error of one process among several (``jnerf.runtime.mpi``) ends them all.

    Args:
        execute: the command; what it returns is the status, None for 0.
        mend: what to do when the disk refuses.

    Returns:
        0 done, 1 failed, 2 wrong config, data or checkpoint, 130 interrupted, 143 and 129 ended by SIGTERM or SIGHUP,
        which otherwise act as Ctrl-C does.
    """
    if mpi.several() is None:
        return _status(execute, mend)
    returned: list[int | None] = []
    status = _status(lambda: returned.append(execute()) or returned[0], mend)
    if not returned:
        mpi.end_all(status)
    return status


def _say(text: str) -> None:
    """Tells an error; of several processes that have the same one, the first is heard, for it ends the others."""
    launch = mpi.several()
    if launch is not None and launch.rank > 0:
        time.sleep(_PATIENCE)
        text = f"process {launch.rank} of {launch.size}: {text}"
    print(text, file=sys.stderr)


def _status(execute: Callable[[], int | None], mend: str) -> int:
    """See ``exit_status``."""
    ended = EndSignals()
    try:
        os.getcwd()
    except FileNotFoundError:
        print(
            "error: the current folder has been removed. cd to one that is there", file=sys.stderr
        )
        return 1
    try:
        with warnings.catch_warnings(), ended:
            warnings.showwarning = partial(show_warning, set())
            status = execute() or 0
        sys.stdout.flush()  # here, where what is wrong with it can still be said
        return status
    except KeyboardInterrupt as interrupt:
        what = f"ended by {ended.name}" if ended.name else "interrupted"
        _say(f"{what}: {interrupt}" if interrupt.args else what)
        return ended.status or INTERRUPTED
    except JnerfError as error:
        _say(f"error: {error}")
        return 2 if isinstance(error, (ConfigError, DataError, CheckpointError)) else 1
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("", "jnerf"):
            raise
        print(
            f"error: {error.name} is not installed in {sys.executable}. Run {sys.executable} -m jnerf.doctor --fix, "
            "which installs what is missing; in a checkout, make demo makes an environment that has it all.",
            file=sys.stderr,
        )
        return 1
    except RuntimeError as error:
        said = explain(error)
        if not said:
            raise
        _say(f"error: {said}")
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough
        _discard_output()
        return 1
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        _say(f"error: {error}. {mend}")
        _discard_output()  # if it is what the disk refused, it would be tried again at the end
        return 1


def _discard_output() -> None:
    """Whatever is still to be printed, or printed later, is lost without a word."""
    with contextlib.suppress(OSError, ValueError):  # a stream without a file, or closed
        descriptor = sys.stdout.fileno()
        if not _takes_output():
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def _takes_output() -> bool:
    """Whether standard output can be written to: what is left in its buffer goes there."""
    try:
        sys.stdout.flush()
    except OSError:
        return False
    return True


def show_warning(told: set[str], message: Warning | str, *_: object) -> None:
    """Prints a warning as one line for the user, without the line of code that raised it, and once.

    Args:
        told: what has been printed; several splits of a scene may warn of one file.
        message: the warning.
    """
    if str(message) not in told:
        told.add(str(message))
        print(f"warning: {message}", file=sys.stderr)
