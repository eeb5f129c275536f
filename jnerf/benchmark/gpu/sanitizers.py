"""compute-sanitizer: where it is, and what its tools say that they have found."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from jnerf.runtime.cuda import find_toolkit

SANITIZERS = ("memcheck", "racecheck", "synccheck")
# What is wrong on the device. That the program under the tool failed, or had no kernel, is told in other words.
_FOUND = re.compile(
    r"^=+ ((?:Invalid |Misaligned |Uninitialized |Malloc/Free|Barrier error|Error: Race|Program hit ).*"
    r"|ERROR SUMMARY: [1-9].*)(?:\n=+ +(at .*))?",
    re.MULTILINE,
)


def find_sanitizer(environ: Mapping[str, str]) -> str | None:
    """compute-sanitizer of PATH, of the toolkit whose nvcc is taken, or of the usual folder."""
    folders = [environ.get("PATH", "")]
    if toolkit := find_toolkit(environ):
        home = Path(toolkit.nvcc).parent.parent
        folders += [str(home / "bin"), str(home / "compute-sanitizer")]
    path = os.pathsep.join([*folders, "/usr/local/cuda/bin"])
    return shutil.which("compute-sanitizer", path=path)


def tool_flags(tool: str) -> list[str]:
    """How a tool is called. After an error of memory only the kernel ends, so that the methods behind it are seen."""
    how = ["--tool", tool, "--target-processes", "application-only", "--error-exitcode", "1"]
    return [*how, "--destroy-on-device-error", "kernel"] if tool == "memcheck" else how


def findings(logs: Iterable[str]) -> list[str]:
    """What a tool has found on the device, each once, with the place where it names one.

    Args:
        logs: its output, one of each process.

    >>> findings(["========= Invalid __global__ read of size 4 bytes\\n=========     at ema(float*)+0x70 in ema.cu:9"])
    ['Invalid __global__ read of size 4 bytes at ema(float*)+0x70 in ema.cu:9']
    """
    found = (" ".join(part for part in row if part) for log in logs for row in _FOUND.findall(log))
    return list(dict.fromkeys(found))
