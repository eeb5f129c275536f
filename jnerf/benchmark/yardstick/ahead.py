"""Kernels of a measurement in one batch: compiled as they are met, they would wait for one another."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable

import jittor as jt

from jnerf.benchmark.yardstick import run
from jnerf.benchmark.yardstick.bound import time_loops
from jnerf.runtime.kernels.foresight import Foresight


def compile_ahead(calls: Iterable[Callable[[], object]], bound: bool = True) -> None:
    """Compiles what the ceilings, the bound and these calls ask for; runs nothing.

    What goes wrong is told by whoever runs it in earnest.

    Args:
        calls: each asks for what is to be measured, in arrays of its own.
        bound: whether ``measure_bound`` follows.
    """
    foresight = Foresight()
    with foresight:
        for call in (_ceilings, *([_bound] if bound else []), *calls):
            with contextlib.suppress(Exception):  # of whatever kind: values are missing
                call()
    with contextlib.suppress(RuntimeError):
        foresight.compile()
    gc.collect()  # arrays without values: whoever syncs everything that there is would meet them


def _ceilings() -> None:
    one = jt.ones((4,))
    run.copy(one)
    run.mix(one, jt.zeros((4,)))
    run.nothing()
    for low in (False, True):
        run.peak(low, 1)


def _bound() -> None:
    time_loops(jt.zeros((4, 3)), 1, lambda call, _: call())
