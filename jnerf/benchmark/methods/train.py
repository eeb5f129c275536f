"""Trains a small form and says how its losses went and what its pictures are worth."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

#: Metrics by which two trainings are compared: the first that a task has.
METRICS = ("psnr", "iou")


def trained(config: Any) -> dict[str, Any]:
    """Trains a config to its end and tests it, in a folder that is removed.

    Args:
        config: the resolved config, with a row of the log for each step.

    Returns:
        ``losses`` of the steps, ``metric`` (its name) and ``value`` over test views, ``seconds`` of all.
    """
    from jnerf.engine.logging import read_log
    from jnerf.engine.run import run

    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="jnerf-methods-") as folder:
        mean = run(config, "train", save_dir=folder)["mean"]
        rows = read_log(Path(folder, config.exp_name, "log.jsonl"))
    metric = next(name for name in METRICS if name in mean)
    return {
        "losses": [row["loss"] for row in rows if "loss" in row],
        "metric": metric,
        "value": mean[metric],
        "seconds": round(time.perf_counter() - start, 2),
    }
