"""``profile``: where the time of a training step goes.

The real trainer runs twice, the second time from where the first ended: once as always, then with the kernel clock,
which waits for the device around every op. What the first run needs less is overlap; what the clock of the second does
not see is Python, graph building and NumPy; the processor time of the first says how much of the machine was used.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.benchmark.kernel_clock import Call, KernelClock
from jnerf.benchmark.stats import rounded, stats
from jnerf.errors import JnerfError

_WINDOW = 16  # steps between two updates of the occupancy grid, so that every window has one
#: The kernels that the bound has a part for, by the names of ``Bound``.
PARTS = {
    "hash_encode_forward": "hash_forward",
    "hash_encode_table_grad": "hash_backward",
    "hash_encode_table_grad_half": "hash_backward",
    "mlp_forward": "mlps",
    "mlp_backward": "mlps",
    "field_mlp_forward": "mlps",
    "field_mlp_backward": "mlps",
    "adam_sparse": "adam",
    "adam_dense": "adam",
}


class _Rows:
    """In place of the trainer's log: keeps rows, with the processor time at each."""

    def __init__(self, on_row: Callable[[dict[str, Any]], None] = lambda row: None) -> None:
        self.rows: list[dict[str, Any]] = []
        self._on_row = on_row

    def write(self, row: dict[str, Any]) -> None:
        now = {"cpu_seconds": time.process_time(), "wall_seconds": time.perf_counter()}
        self.rows.append(row | now)
        self._on_row(row)


class _Windows:
    """Cuts what the kernel clock measures at the trainer's rows.

    Attributes:
        found: wall seconds, kernels, and seconds of Jittor's own operators of each window after ``first``.
    """

    def __init__(self, clock: KernelClock, first: int) -> None:
        self.found: list[tuple[float, list[Call], float]] = []
        self._clock, self._first, self._start = clock, first, 0.0

    def on_row(self, row: dict[str, Any]) -> None:
        """A window ends, the next begins."""
        now = time.perf_counter()
        if row["step"] > self._first:
            self.found.append((now - self._start, self._clock.calls, self._clock.waited))
        self._clock.clear()
        self._start = now


def measure_profile(
    config: Any, checkpoint: str | None, steps: int, warm_up: int
) -> dict[str, Any]:
    """Profiles training steps.

    Args:
        config: the resolved config; its schedule of evaluations, logs and checkpoints is changed.
        checkpoint: start from this file; None: from untrained weights.
        steps: how many are measured, each time; rounded up to whole windows of 16.
        warm_up: how many go before, at least, each time.

    Returns:
        ``results`` of the schema, without ``config``.
    """
    from jnerf.benchmark.yardstick import bound_rows, compile_ahead, measure_bound, measure_ceilings
    from jnerf.config.check import check
    from jnerf.engine.checkpoints.checkpoint import load_checkpoint
    from jnerf.engine.checkpoints.state import restore
    from jnerf.engine.pipeline.build import build_pipeline
    from jnerf.runtime import num_threads, show_kernel_progress

    check(config)
    show_kernel_progress()
    pipeline, start = build_pipeline(config), 0
    if checkpoint:
        loaded = load_checkpoint(Path(checkpoint))
        restore(pipeline, loaded, checkpoint)
        start = loaded.step
    window = min(_WINDOW, steps)
    steps = -(-steps // window) * window
    free = _Rows()
    begin = _aligned(start + warm_up, window)
    _train(config, pipeline, free, start, begin + steps, window)
    clock = KernelClock()
    first = _aligned(begin + steps + warm_up, window)
    timed = _Windows(clock, first)
    with clock:
        _train(config, pipeline, _Rows(timed.on_row), begin + steps, first + steps, window)
    free_ms, samples = free_windows(free.rows, begin)
    wall, cpu = _spent(free.rows, begin)
    slow, calls, builtin = min(timed.found, key=lambda found: found[0])
    kernels = by_kernel(calls, window, samples)
    whole = float(np.median(free_ms)) * 1e6 / samples
    ours = parts_of({row["kernel"]: row["ns"] for row in kernels}) | {"whole": whole}
    in_kernels = sum(call.seconds for call in calls)
    positions = sample_positions(pipeline, first + steps)
    compile_ahead([])
    ceilings = measure_ceilings()
    bound = measure_bound(positions, ceilings)
    ceilings = ceilings.best(measure_ceilings())  # the better of two moments, see ``ops``
    bound = bound.least(measure_bound(positions, ceilings))
    return {
        "checkpoint": Path(checkpoint).name if checkpoint else None,
        "step": start,
        "steps": steps,
        "samples_per_step": rounded(samples),
        "free_ms": stats(free_ms),
        "synchronised_ms": rounded(slow / window * 1e3),
        "busy_share": rounded(cpu / (wall * num_threads()), 3),
        "ns_per_sample": rounded(whole),
        "kernels": kernels,
        "builtin_ms": rounded(builtin / window * 1e3),
        "host_ms": rounded((slow - builtin - in_kernels) / window * 1e3),
        "bound": bound_rows(bound, ours, "sum of the parts; ours: a whole training step"),
        "ceilings": ceilings.to_dict(),
    }


def _train(config: Any, pipeline: Any, log: _Rows, start: int, end: int, window: int) -> None:
    """Trains from ``start`` to ``end`` with the trainer, which logs at multiples of ``window``.

    Raises:
        KeyboardInterrupt: it was stopped before.
    """
    from jnerf.engine.run_folder import RunFolder
    from jnerf.engine.trainer import Trainer

    config.evaluation.update(steps=[], every=None, at_end=False)
    config.total_steps = config.checkpoint.every = end
    config.log_every = window
    with tempfile.TemporaryDirectory(prefix="jnerf-benchmark-") as folder:
        place = RunFolder(Path(folder))
        trainer = Trainer(config, pipeline, place, log, _no_test, start, told="finishing this step")
        if not trainer.train():  # Ctrl-C or SIGTERM, after which the trainer ends a step in peace
            raise KeyboardInterrupt


def _no_test(step: int, stop: Callable[[], bool]) -> None:
    return None


def _aligned(step: int, window: int) -> int:
    """The first multiple of ``window`` from ``step`` on: where the trainer logs."""
    return -(-step // window) * window


def free_windows(rows: list[dict[str, Any]], begin: int) -> tuple[list[float], float]:
    """Milliseconds per step of each window after step ``begin``, and the mean samples per step.

    Raises:
        JnerfError: the clock of training, which stands still while kernels are compiled, did not run.
    """
    rows = [row for row in rows if row["step"] >= begin]
    times, samples, n_steps = [], 0.0, 0
    for before, after in zip(rows[:-1], rows[1:], strict=True):
        if after["samples_per_s"] is None:
            continue
        seconds, n = after["seconds"] - before["seconds"], after["step"] - before["step"]
        times.append(seconds / n * 1e3)
        samples += after["samples_per_s"] * seconds
        n_steps += n
    if not n_steps:
        raise JnerfError(
            "kernels were compiled in every step that was to be measured. They are there now: run the same command "
            "again, or measure more steps (--steps 48)."
        )
    return times, samples / n_steps


def _spent(rows: list[dict[str, Any]], begin: int) -> tuple[float, float]:
    """Wall and processor seconds after step ``begin``."""
    rows = [row for row in rows if row["step"] >= begin]
    return tuple(rows[-1][name] - rows[0][name] for name in ("wall_seconds", "cpu_seconds"))


def by_kernel(calls: list[Call], steps: int, samples: float) -> list[dict[str, Any]]:
    """Calls and time per step of each kernel, the slowest first.

    Args:
        calls: of all steps.
        steps: how many.
        samples: trained samples per step.
    """
    seconds: dict[tuple[str, str], list[float]] = {}
    for call in calls:
        seconds.setdefault((call.op, call.kernel), []).append(call.seconds)
    rows = [
        {
            "op": op,
            "kernel": kernel,
            "calls": rounded(len(times) / steps),
            "ms": rounded(sum(times) / steps * 1e3),
            "ns": rounded(sum(times) / steps / samples * 1e9),
        }
        for (op, kernel), times in seconds.items()
    ]
    return sorted(rows, key=lambda row: -row["ms"])


def parts_of(ns: Mapping[str, float]) -> dict[str, float]:
    """ns per sample of the parts of the bound, from those of the kernels."""
    found: dict[str, float] = {}
    for kernel, value in ns.items():
        if kernel in PARTS:
            found[PARTS[kernel]] = found.get(PARTS[kernel], 0.0) + value
    return found


def sample_positions(pipeline: Any, step: int) -> Any:
    """Positions of the samples of a training batch, in [0, 1], float32 [S, 3]."""
    import jittor as jt

    from jnerf.engine.pipeline.field import FrozenField

    with jt.no_grad():
        n_rays = pipeline.sampler.n_rays or 4096
        rays = pipeline.dataset.sample(n_rays, step).rays
        samples = pipeline.sampler(rays, FrozenField(pipeline.network), step)
        return jt.clamp(samples.positions, 0.0, 1.0).stop_grad()
