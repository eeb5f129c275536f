"""COLMAP's log as numbers for a progress bar: how much of a stage is done, of how much."""

from __future__ import annotations

import re

from jnerf.capture.colmap.jobs import Features, Job, Mapping, Matches

_FILE = re.compile(r"Processed file \[(\d+)/(\d+)\]")
_BLOCK = re.compile(r"(?:Processing|Matching) block \[(\d+)/(\d+), (\d+)/(\d+)\]")
_IMAGE = re.compile(r"(?:Processing|Matching) image \[(\d+)/(\d+)\]")
_REGISTERED = re.compile(r"Registering image #\d+ \((?:num_reg_frames=)?(\d+)\)")
#: What glog puts in front of each line: severity, date, time, thread, file.
_HEAD = re.compile(r"^[IWEF]\d{4,8} \S+ +\d+ \S+\] ")
#: Headings of the global mapper, of which one comes after the other.
_GLOBAL = (
    "view graph calibration",
    "relative pose",
    "rotation averaging",
    "track establishment",
    "global positioning",
    "bundle adjustment",
    "retriangulation",
)


def progress(job: Job, line: str) -> tuple[int, int] | None:
    """How much is done and of how much, where a line of the log says so.

    Args:
        job: whose log it is.
        line: of the log.

    >>> from jnerf.capture.colmap.jobs import Features
    >>> progress(Features("", ""), "I20261128 14:34:02.499047 1 x.cc:270] Processed file [3/8]")
    (3, 8)
    """
    if isinstance(job, Features):
        found = _FILE.search(line)
        return (int(found[1]), int(found[2])) if found else None
    if isinstance(job, Mapping):
        return _mapped(job, line)
    if not isinstance(job, Matches):
        return None
    if found := _BLOCK.search(line):
        row, rows, column, columns = map(int, found.groups())
        return (row - 1) * columns + column - 1, rows * columns
    if found := _IMAGE.search(line):
        return int(found[1]) - 1, int(found[2])
    return None


def _mapped(job: Mapping, line: str) -> tuple[int, int] | None:
    if job.mapper == "global":
        low = line.lower()
        done = [i for i, heading in enumerate(_GLOBAL) if heading in low]
        return (done[0], len(_GLOBAL)) if done else None
    found = _REGISTERED.search(line)
    return (int(found[1]), job.count) if found else None


def complaint(lines: list[str]) -> str:
    """The last thing that COLMAP's log complains of, without what glog puts in front; "" if nothing.

    >>> complaint(["I1128 14:34:02.4 1 x.cc:2] fine", "E1128 14:34:02.5 1 x.cc:3] no space"])
    'no space'
    """
    for line in reversed(lines):
        if line[:1] in "EF" and _HEAD.match(line):
            return _HEAD.sub("", line).strip()
    errors = [line for line in lines if re.match(r"^\w*(Error|Exception)\b", line)]
    return errors[-1].strip() if errors else ""
