"""Small forms trained on two devices, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: How far a metric of a test may be from the other device's: PSNR in dB, IoU as a share.
BOUNDS = {"psnr": 0.2, "iou": 0.01}


def compared(
    names: Sequence[str], cpu: Mapping[str, Any], cuda: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """A row for each method: ``method``, ``metric``, ``cpu``, ``cuda``, ``difference``, ``result``.

    Args:
        names: the methods, also those without results.
        cpu: results of ``jnerf.benchmark.methods`` by name.
        cuda: the same of the GPU.

    Returns:
        ``result`` is "same", "differs", or says on which device there is none; numbers are None then.
    """
    return [_row(name, cpu.get(name, {}), cuda.get(name, {})) for name in names]


def _row(name: str, cpu: Mapping[str, Any], cuda: Mapping[str, Any]) -> dict[str, Any]:
    metric = cpu.get("metric") or cuda.get("metric")
    values = cpu.get("value"), cuda.get("value")
    row = {"method": name, "metric": metric, "cpu": values[0], "cuda": values[1]}
    missing = [d for d, found in (("CPU", cpu), ("GPU", cuda)) if "value" not in found]
    if missing:
        why = "failed" if "error" in cpu or "error" in cuda else "not done"
        return {**row, "difference": None, "result": f"{why} on {' and '.join(missing)}"}
    difference = values[1] - values[0]
    same = abs(difference) <= BOUNDS[metric]  # false of NaN
    return {**row, "difference": difference, "result": "same" if same else "differs"}


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as lines of text."""
    lines = [f"{'method':34} {'metric':6} {'CPU':>8} {'GPU':>8} {'diff.':>8}  result"]
    for row in rows:
        numbers = [
            f"{row[key]:8.3f}" if row[key] is not None else f"{'-':>8}"
            for key in ("cpu", "cuda", "difference")
        ]
        metric = row["metric"] or "-"
        lines.append(f"{row['method']:34} {metric:6} {' '.join(numbers)}  {row['result']}")
    return lines
