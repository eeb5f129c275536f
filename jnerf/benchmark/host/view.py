"""What a view of an emptied method asks of Jittor, as on the CPU and as on CUDA."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

from jnerf.benchmark.stats import rounded, stats


def measure_view(pipeline: Any, repeats: int) -> list[dict[str, Any]]:
    """Renders a training view that has been rendered before, so that what its rays take is known.

    Args:
        pipeline: a method that has been trained, emptied.
        repeats: how often time is taken.

    Returns:
        For ``as_on`` "cpu" and "cuda" each: ``portions``, processor and other milliseconds, and counts, of one view.
        On CUDA both are on CUDA.
    """
    from jnerf.ops.common import device

    pipeline.network.eval()
    try:
        found = []
        for name, told in (("cpu", nullcontext), ("cuda", device.as_on_cuda)):
            with told():
                found.append({"as_on": name, **_measured(pipeline, repeats)})
        return found
    finally:
        pipeline.network.train()


def _measured(pipeline: Any, repeats: int) -> dict[str, Any]:
    from jnerf.benchmark.host.counts import Counting, per
    from jnerf.engine.rendering.image import render_image

    portions, view = 0, pipeline.dataset.view(0)

    def rows(first: int, end: int) -> Any:
        nonlocal portions
        portions += 1
        return pipeline.dataset.cameras.pixels(0, first * view.width, end * view.width, view.width)

    def render() -> None:
        render_image(pipeline, rows, view.width, view.height)

    render()
    cpu, waits, times = [], [], []
    for _ in range(repeats):
        with Counting(kernels=False) as counting:
            start, used = time.perf_counter(), time.process_time()
            render()
            times.append((time.perf_counter() - start) * 1e3)
            cpu.append((time.process_time() - used) * 1e3)
        waits.append(counting.counts.sync_seconds * 1e3)
    portions = 0
    with Counting() as counting:
        render()
    python = [a - b for a, b in zip(times, waits, strict=True)]
    counts = per(counting.counts, 1)
    kernels = sorted(counting.counts.kernels.items(), key=lambda item: (-item[1], item[0]))
    return {
        "pixels": view.width * view.height,
        "portions": portions,
        "cpu_ms": stats(cpu),
        "python_ms": stats(python),
        "kernels": [{"kernel": name, "calls": rounded(n)} for name, n in kernels],
        **counts,
    }
