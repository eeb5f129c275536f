"""``train``: trains with the real engine in a folder of its own and reads its log."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jnerf.benchmark.records.record import make_record
from jnerf.benchmark.sizes.memory_use import gpu_memory_gib, peak_memory_gib
from jnerf.benchmark.stats import pooled, rounded, stats
from jnerf.engine.logging import metrics_of
from jnerf.errors import ConfigError, TrainingError

#: Steps before the speed counts, at most: occupancy grids start full and take about so long to become sparse.
WARM_UP = 256
_LEAST_WINDOWS = 5
#: What the numbers of a record of this kind are.
_PROTOCOL = {
    "seconds": "inside training steps; without compilation, evaluation and checkpoints",
    "samples_per_s": "trained samples, over the log windows after measured_from_step",
    "memory": "largest resident size of the process, the saving of the last step included",
}


def training_record(
    runs: list[dict[str, Any]], told: Mapping[str, Any], more: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of trainings.

    Args:
        runs: at least one.
        told: what a finished run says of its record beside; its ``protocol`` as well.
        more: what else the protocol is to say.
    """
    speed = pooled([run["samples_per_s"] for run in runs])
    protocol = {**told.get("protocol", {}), **_PROTOCOL, **more}
    rest = {key: value for key, value in told.items() if key != "protocol"}
    return make_record("train", {"runs": runs}, protocol, samples_per_s=speed, **rest)


def prepare(config: Any, steps: int | None, evaluate: bool, warm_up: int | None) -> int:
    """Adapts a loaded config to the measurement.

    Args:
        config: changed in place.
        steps: steps to train; None: the config's.
        evaluate: False: no evaluation, neither on the way nor at the end.
        warm_up: steps that the speed leaves out; None: ``WARM_UP``, but at most half of all.

    Returns:
        The steps left out of the speed.

    Raises:
        ConfigError: there are no steps left to measure.
    """
    if steps is not None:
        config.total_steps = steps
    total = config.total_steps
    if warm_up is None:
        warm_up = min(WARM_UP, total // 2)
    if not 0 <= warm_up < total:
        raise ConfigError(f"{total} steps with {warm_up} of warm-up leave nothing to be measured")
    if not evaluate:
        config.evaluation.update(steps=[], every=None, at_end=False)
    config.log_every = max(1, min(config.log_every, (total - warm_up) // _LEAST_WINDOWS))
    return warm_up


def measure_training(config: Any, warm_up: int, save_dir: str | None = None) -> dict[str, Any]:
    """Trains and says how fast, how good and with how much memory.

    Args:
        config: as ``prepare`` left it.
        warm_up: steps that the speed leaves out.
        save_dir: where the run folder is kept; None: it is removed at the end.

    Returns:
        An entry of ``runs`` in the schema, without ``config`` and ``scene``.

    Raises:
        TrainingError: training was stopped.
    """
    from jnerf.engine.logging import read_log
    from jnerf.engine.run import run
    from jnerf.engine.run_folder import RunFolder

    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        if save_dir is None:
            save_dir = stack.enter_context(tempfile.TemporaryDirectory(prefix="jnerf-benchmark-"))
            config.checkpoint.every = config.total_steps  # the last step is saved in any case
        done = run(config, "train", save_dir=save_dir)
        if not done["complete"]:
            raise TrainingError(f"stopped after step {done['step']}: nothing to report")
        folder = RunFolder(Path(done["folder"]))
        rows = read_log(folder.log)
        protocol = json.loads(folder.info.read_text(encoding="utf-8"))["protocol"]
    return {
        "exp_name": config.exp_name,
        "steps": done["step"],
        "train_seconds": rounded(done["seconds"]),
        "wall_seconds": rounded(time.perf_counter() - start),
        **speed(rows, warm_up),
        "peak_memory_gib": rounded(peak_memory_gib(), 4),
        "gpu_memory_gib": gpu_memory_gib(),
        "curve": curve(rows),
        "evaluations": evaluations(rows),
        "protocol": protocol,
    }


def evaluations(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The metrics of the test views, with step and training seconds."""
    found = [row for row in rows if "eval" in row]
    return [{"step": row["step"], "seconds": row["seconds"], **row["eval"]} for row in found]


def windows(rows: list[dict[str, Any]], warm_up: int) -> list[tuple[dict, dict]]:
    """Pairs of neighbouring training rows (before, after) between which only steps after ``warm_up`` lie."""
    trained = [row for row in rows if "samples_per_s" in row]
    pairs = zip(trained[:-1], trained[1:], strict=True)
    return [
        (a, b) for a, b in pairs if a["step"] >= warm_up and b["samples_per_s"] and b["step"] > 1
    ]


def speed(rows: list[dict[str, Any]], warm_up: int) -> dict[str, Any]:
    found = windows(rows, warm_up)
    if not found:
        raise TrainingError(
            f"no log window lies after step {warm_up}: train more steps, or set --warm-up lower"
        )
    rates = [after["samples_per_s"] for _, after in found]
    seconds = [after["seconds"] - before["seconds"] for before, after in found]
    steps = [after["step"] - before["step"] for before, after in found]
    samples = [rate * spent / n for rate, spent, n in zip(rates, seconds, steps, strict=True)]
    # A row knows the rays of its last step only; within a window their number hardly changes.
    rays = [
        after["rays"] * n / spent
        for (_, after), n, spent in zip(found, steps, seconds, strict=True)
        if spent > 0
    ]
    return {
        "measured_from_step": found[0][0]["step"],
        "samples_per_s": stats(rates),
        "rays_per_s": stats(rays),
        "samples_per_step": rounded(sum(samples) / len(samples)),
    }


_MOST_POINTS = (
    400  # of a curve: enough for any plot, little enough for a file under version control
)


def curve(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    trained = [row for row in rows if "samples_per_s" in row]
    stride = -(-len(trained) // _MOST_POINTS)
    kept = trained[::stride] + ([] if len(trained) % stride == 1 or stride == 1 else trained[-1:])
    return [_point(row) for row in kept]


def _point(row: dict[str, Any]) -> dict[str, Any]:
    """Step, seconds, speed and metrics of a training row."""
    point = {name: row[name] for name in ("step", "seconds", "samples_per_s")} | metrics_of(row)
    return {k: rounded(v) if isinstance(v, float) else v for k, v in point.items()}
