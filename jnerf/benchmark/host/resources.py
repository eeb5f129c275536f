"""What nvcc says of compiled kernels: registers, spills, shared memory and instructions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

#: Threads and registers of a multiprocessor, by compute capability x 10.
_THREADS = {75: 1024, 80: 2048, 90: 2048, 100: 2048, 103: 2048}
_REGISTERS, _FEWEST_THREADS = 65536, 1536
_MEMORY = {"LDG", "STG", "RED", "REDG", "ATOM", "ATOMG", "LDL", "STL"}
_COUNTED = {"LDS", "STS", "LDSM", "HMMA", "SHFL", "BAR", "MUFU"}


@dataclass(frozen=True)
class Usage:
    """One kernel.

    Attributes:
        name: with its template arguments, without those of its call.
        registers: of a thread.
        spills: bytes of a thread that go to memory for want of registers, stores and loads.
        shared: bytes of a block, without what the launch adds.
        instructions: of each kind, and of all as "all"; empty without ``cuobjdump``.
    """

    name: str
    registers: int
    spills: int
    shared: int
    instructions: Counter[str] = field(default_factory=Counter)

    def occupancy(self, architecture: int) -> float:
        """The share of a multiprocessor's threads for which there are registers; blocks and shared memory aside."""
        most = _THREADS.get(architecture, _FEWEST_THREADS)
        per_warp = -(-max(self.registers, 1) * 32 // 256) * 256
        return min(1.0, _REGISTERS // per_warp * 32 / most)


#: Of ``jnerf_launch.h``: a kernel in every library that tells what it is compiled for, and is never launched.
_NOTHING = "compiled_kernel"


def usages(ptxas: str, sass: str = "") -> list[Usage]:
    """All kernels of a library that are launched.

    Args:
        ptxas: what ``nvcc -Xptxas -v`` wrote.
        sass: what ``cuobjdump -sass`` wrote; empty if it was not asked.
    """
    found, counts = [], _instructions(sass)
    for part in re.split(r"Compiling entry function ", ptxas)[1:]:
        symbol = re.match(r"'(\w+)'", part)
        spills = re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", part)
        registers = re.search(r"Used (\d+) registers", part)
        if not (symbol and registers) or _NOTHING in symbol[1]:
            continue
        shared = re.search(r"(\d+) bytes smem", part)
        found.append(
            Usage(
                symbol[1],
                int(registers[1]),
                sum(map(int, spills.groups())) if spills else 0,
                int(shared[1]) if shared else 0,
                counts.get(symbol[1], Counter()),
            )
        )
    names = _readable([usage.name for usage in found])
    return [
        Usage(name, u.registers, u.spills, u.shared, u.instructions)
        for name, u in zip(names, found, strict=True)
    ]


def sass_of(nvcc: str, library: Path) -> str:
    """The machine code of a library as text; empty without ``cuobjdump``, beside nvcc or on the PATH."""
    beside = Path(nvcc).resolve().parent / "cuobjdump"
    tool = str(beside) if beside.exists() else shutil.which("cuobjdump")
    if tool is None:
        return ""
    done = subprocess.run([tool, "-sass", str(library)], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def _instructions(sass: str) -> dict[str, Counter[str]]:
    """By kernel; loads, stores and additions to memory with the bits that one thread moves."""
    counts: dict[str, Counter[str]] = {}
    now: Counter[str] = Counter()
    for line in sass.splitlines():
        if function := re.search(r"Function : (\w+)", line):
            now = counts.setdefault(function[1], Counter())
            continue
        code = re.match(r"\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?\w+\s+)?([A-Z][\w.]*)", line)
        if not code or code[1] == "NOP":
            continue
        now["all"] += 1
        kind, *rest = code[1].split(".")
        if kind in _MEMORY:
            now[f"{kind}.{_bits(rest)}"] += 1
        elif kind in _COUNTED:
            now[kind] += 1
    return counts


def _bits(modifiers: list[str]) -> int:
    sizes = {
        "U8": 8,
        "S8": 8,
        "U16": 16,
        "S16": 16,
        "64": 64,
        "128": 128,
        "F32x2": 64,
        "F32x4": 128,
    }
    return next((sizes[m] for m in modifiers if m in sizes), 32)


def _readable(symbols: list[str]) -> list[str]:
    """Without namespace and arguments; as they are without ``c++filt``."""
    if not symbols or shutil.which("c++filt") is None:
        return symbols
    done = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, text=True)
    return [_short(line) for line in done.stdout.splitlines()]


def _short(name: str) -> str:
    name = name.removeprefix("void ").replace("jnerf::", "")
    depth = 0
    for i, letter in enumerate(
        name
    ):  # to the bracket that opens the arguments, behind those of the template
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "(" and depth == 0:
            return name[:i]
    return name


def table(rows: Iterable[tuple[str, Usage]], architecture: int) -> str:
    """Text for people: a line for each kernel of (op, usage), each kernel once, those with most instructions first."""
    once = {(op, usage.name): usage for op, usage in rows}
    heads = ("op", "kernel", "registers", "room", "spills", "shared", "instructions")
    lines = [heads]
    order = sorted(once.items(), key=lambda item: (item[0][0], -item[1].instructions["all"]))
    for (op, name), usage in order:
        counts = dict(usage.instructions)
        total = counts.pop("all", "-")
        kinds = " ".join(f"{kind} {n}" for kind, n in sorted(counts.items()))
        room = f"{usage.occupancy(architecture):.0%}"
        numbers = (usage.registers, room, usage.spills, usage.shared, f"{total}  {kinds}".rstrip())
        lines.append((op, name, *map(str, numbers)))
    widths = [min(60, max(len(line[i]) for line in lines)) for i in range(len(heads) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(line, widths, strict=False)), line[-1]])
        for line in lines
    )
