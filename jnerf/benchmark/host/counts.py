"""Counts what the host asks of Jittor: kernels by name, syncs, read-backs, arrays handed over, allocations.

Counts do not depend on the machine's load, so a test can watch them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jittor as jt

from jnerf.benchmark.kernel_clock import kernel_name
from jnerf.benchmark.stats import rounded

_READS = ("numpy", "item", "tolist", "fetch_sync", "data")
# What Jittor's source of a kernel of ours includes; and the names of the ops of one of its own.
_OURS = re.compile(r'#include "(\w+)/(?:cpu|cuda)\.h"')
_OP = re.compile(r"«?(?:opkey\d+:)?([a-z_]+)")


@dataclass
class Counts:
    """What some steps asked for.

    Attributes:
        kernels: calls of each kernel: of ours as ``op.function``, of Jittor's own as ``jittor.ops+that+are+fused``.
        syncs: how often Jittor's executor was started.
        readbacks: values that the host waited for.
        uploads: arrays that the host handed over.
        allocations: blocks of memory that Jittor asked of the system.
        sync_seconds: inside the executor.
    """

    kernels: dict[str, int] = field(default_factory=dict)
    syncs: int = 0
    readbacks: int = 0
    uploads: int = 0
    allocations: int = 0
    sync_seconds: float = 0.0

    @property
    def launches(self) -> int:
        """Kernels that ran."""
        return sum(self.kernels.values())

    @property
    def own(self) -> int:
        """Those of them that are Jittor's own."""
        return sum(n for name, n in self.kernels.items() if name.startswith("jittor."))


def per(counts: Counts, n: int) -> dict[str, float]:
    """What was asked for in each of n steps."""
    numbers = {
        "launches": counts.launches,
        "jittors": counts.own,
        "syncs": counts.syncs,
        "readbacks": counts.readbacks,
        "uploads": counts.uploads,
        "allocations": counts.allocations,
    }
    return {name: rounded(count / n) for name, count in numbers.items()}


class Counting:
    """Use as a context manager; ``counts`` are complete when it ends.

    Args:
        kernels: ask Jittor's profiler too, which slows every kernel down.
    """

    def __init__(self, kernels: bool = True) -> None:
        self.counts = Counts()
        self._kernels = kernels
        self._put_back: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Counting:
        jt.sync_all(True)
        jt.flags.use_stat_allocator = 0
        jt.flags.use_stat_allocator = 1
        self._executed = jt.flags.exec_called
        for name in ("sync", "sync_all"):
            self._replace(jt, name, self._timing(getattr(jt, name)))
        self._replace(jt, "fetch_sync", self._timing(self._noting("readbacks", jt.fetch_sync)))
        self._replace(jt, "array", self._noting("uploads", jt.array))
        for name in (*_READS, "sync"):
            kept = getattr(jt.Var, name)
            if name == "sync":
                self._replace(jt.Var, name, self._timing(kept))
            elif callable(kept):
                self._replace(jt.Var, name, self._timing(self._noting("readbacks", kept)))
            else:
                self._replace(jt.Var, name, property(self._noting("readbacks", kept.__get__)))
        if self._kernels:
            jt.profiler.start(0, 0)
        return self

    def __exit__(self, *error: object) -> None:
        while self._put_back:
            setattr(*self._put_back.pop())
        jt.sync_all(True)
        if self._kernels:
            jt.profiler.stop()
            for row in jt.profiler.report()[1:]:
                name = _name(row[0], row[1])
                self.counts.kernels[name] = self.counts.kernels.get(name, 0) + int(float(row[2]))
        self.counts.syncs = jt.flags.exec_called - self._executed - 1  # the last one was ours
        self.counts.allocations = int(jt.flags.stat_allocator_total_alloc_call)
        jt.flags.use_stat_allocator = 0

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._put_back.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    def _noting(self, what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **named: Any) -> Any:
            setattr(self.counts, what, getattr(self.counts, what) + 1)
            return call(*arguments, **named)

        return noted

    def _timing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self.counts.sync_seconds += time.perf_counter() - start

        return timed


def _name(key: str, file: str) -> str:
    """The name of a kernel, from Jittor's key and the file that it made of it."""
    try:
        source = Path(file).read_text(errors="replace")
    except OSError:
        source = ""
    ours = _OURS.search(source)
    if ours:
        return f"{ours[1]}.{kernel_name(source[ours.end() :])}"
    ops = re.findall(r"opkey\d+:([a-z_]+)", key) or [_OP.match(key)[1] if _OP.match(key) else key]
    return "jittor." + "+".join(op.rstrip("_") for op in ops)
