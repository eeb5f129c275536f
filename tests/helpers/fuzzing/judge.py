"""The rule: a damaged file is read, or refused by an error of jnerf's own; soon, and without much memory."""

from __future__ import annotations

import logging
import re
import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType

import cv2

from fuzzing.formats import damaged
from jnerf.errors import JnerfError

SECONDS = 10  # that reading one small input may take
MEMORY = 2**30  # bytes by which reading one may raise the process's peak
MESSAGE = 6000  # letters of an error; somebody's own word of 5000 is quoted once at most


@dataclass(frozen=True)
class Target:
    """A reader under test.

    Attributes:
        name: of it.
        make: writes a small valid input into an empty folder.
        read: reads it from there, as a user's command would.
        files: patterns of the files that are damaged.
    """

    name: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """A broken rule.

    Attributes:
        what: the error, as Python prints its last line.
        where: the innermost line of jnerf's that it passed.
        trace: all of it.
    """

    what: str
    where: str
    trace: str


class Hang(BaseException):
    """Reading took too long."""


class Bench:
    """A target with its valid input on disk; each try damages some files, reads, and puts them back.

    Args:
        target: the reader.
        folder: an empty folder.
    """

    def __init__(self, target: Target, folder: Path) -> None:
        self.target, self.folder = target, folder
        target.make(folder)
        self.whole = {
            path.relative_to(folder): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        self.places = [p for p in self.whole if any(p.match(pattern) for pattern in target.files)]

    def damage(self, rng: Random) -> dict[Path, bytes]:
        """Damaged files, most often one."""
        paths = {rng.choice(self.places) for _ in range(rng.choice((1, 1, 1, 2)))}
        return {path: damaged(path, self.whole[path], rng) for path in sorted(paths)}

    def fault(self, files: dict[Path, bytes]) -> Fault | None:
        """What is wrong with how the input is read with these files in place of the whole ones."""
        for path, data in files.items():
            (self.folder / path).write_bytes(data)
        try:
            return judge(lambda: self.target.read(self.folder))
        finally:
            self._mend()

    def _mend(self) -> None:
        """Puts the valid input back, and removes whatever reading has left."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path.relative_to(self.folder) not in self.whole:
                path.unlink()
        for path, data in self.whole.items():
            place = self.folder / path
            if not place.is_file() or place.read_bytes() != data:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)


def judge(read: Callable[[], object]) -> Fault | None:
    """Whether reading keeps the rule; None if it does."""
    before = _peak()
    try:
        with _limited(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read()
    except JnerfError as error:
        if len(str(error)) > MESSAGE:
            return _fault(error, f"a message of {len(str(error))} letters")
    except (Exception, Hang) as error:
        return _fault(error, "".join(traceback.format_exception_only(error))[:300].strip())
    grown = _peak() - before
    return Fault(f"{grown >> 20} MiB of memory", "", "") if grown > MEMORY else None


@contextmanager
def _limited() -> Iterator[None]:
    """Raises Hang after ``SECONDS`` of work."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"still at it after {SECONDS} s of CPU")

    began, previous = time.process_time(), signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    if time.process_time() - began > SECONDS:
        raise Hang("nothing could break it off")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _fault(error: BaseException, what: str) -> Fault:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/jnerf/" in f.filename]
    where = f"{frames[-1].filename.rpartition('/jnerf/')[2]}:{frames[-1].lineno}" if frames else ""
    return Fault(what, where, "".join(traceback.format_exception(error))[-6000:])


def quiet() -> None:
    """Silences libraries that print what they think of a damaged file."""
    where = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging  # versions differ
    where.setLogLevel(0)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    logging.getLogger("trimesh").setLevel(logging.CRITICAL)


def bounded() -> None:
    """Bounds the memory that this process may ask for from here on."""
    used = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    limit = int(used[1]) * 1024 + 3 * MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
