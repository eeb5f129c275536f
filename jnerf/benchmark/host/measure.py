"""Measures an emptied training step: time of Python and of Jittor's executor, and what was asked of Jittor."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jnerf.benchmark.stats import rounded, stats

_WINDOW = (
    16  # steps between two updates of the occupancy grid: a whole window has all that a step may do
)
_WARM_UP = 320  # steps before: grids have become sparse by then, and the first sizes are behind


class _NoLog:
    """In place of the trainer's log."""

    def write(self, row: dict[str, Any]) -> None:
        """Forgets it."""


def measure_host(
    config: Any, steps: int = 64, repeats: int = 3, warm_up: int | None = None
) -> dict[str, Any]:
    """Trains an emptied method and says what its steps, and a view of it, cost the host.

    Args:
        config: the resolved config, emptied (``emptied``); its schedule of evaluations and logs is changed.
        steps: per repeat; rounded up to whole windows of 16.
        repeats: how often time is taken.
        warm_up: steps before; rounded up likewise. None: 320 with an occupancy grid, else 32.

    Returns:
        ``results`` of the schema, without ``config``.
    """
    from jnerf.benchmark.host.counts import Counting, per
    from jnerf.benchmark.host.view import measure_view

    if warm_up is None:
        warm_up = _WARM_UP if config.sampler.type == "OccupancySampler" else 2 * _WINDOW
    steps, warm_up = (-(-n // _WINDOW) * _WINDOW for n in (steps, warm_up))
    with stepper(config) as (advance, pipeline):
        advance(warm_up)
        times, cpu, waits = [], [], []
        for _ in range(repeats):
            with Counting(kernels=False) as counting:
                start, used = time.perf_counter(), time.process_time()
                advance(steps)
                times.append((time.perf_counter() - start) / steps * 1e3)
                cpu.append((time.process_time() - used) / steps * 1e3)
            waits.append(counting.counts.sync_seconds / steps * 1e3)
        with Counting() as counting:
            advance(steps)
        padded = pipeline.sampler.padded
        views = [] if pipeline.facts["cameras"] is None else measure_view(pipeline, repeats)
    counts = counting.counts
    kernels = sorted(counts.kernels.items(), key=lambda item: (-item[1], item[0]))
    return {
        "sizes": "fixed" if padded else "exact",
        "steps": steps,
        "step_ms": stats(times),
        "cpu_ms": stats(cpu),
        "python_ms": stats([a - b for a, b in zip(times, waits, strict=True)]),
        "executor_ms": stats(waits),
        "kernels": [{"kernel": name, "calls": rounded(n / steps)} for name, n in kernels],
        **per(counts, steps),
        "views": views,
    }


@contextmanager
def trainer_of(config: Any) -> Iterator[Any]:
    """The trainer of a config, in a folder that is removed; nothing is logged or evaluated."""
    from jnerf.config.check import check
    from jnerf.engine.pipeline.build import build_pipeline
    from jnerf.engine.run_folder import RunFolder
    from jnerf.engine.trainer import Trainer
    from jnerf.runtime import show_kernel_progress

    check(config)
    show_kernel_progress()
    pipeline = build_pipeline(config)
    with tempfile.TemporaryDirectory(prefix="jnerf-benchmark-") as folder:
        trainer = Trainer(config, pipeline, RunFolder(Path(folder)), _NoLog(), lambda *_: None)
        pipeline.network.train()
        yield trainer


@contextmanager
def stepper(config: Any) -> Iterator[tuple[Any, Any]]:
    """A function that trains some steps, unwatched, and the pipeline that it trains."""
    import jittor as jt

    with trainer_of(config) as trainer:

        def advance(steps: int) -> None:
            for done in range(0, steps, _WINDOW):  # about as often as a run writes a row of its log
                trainer.advance(min(_WINDOW, steps - done))
            jt.sync_all(True)

        yield advance, trainer.pipeline
