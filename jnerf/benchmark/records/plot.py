"""The plots of records: quality against training time, memory and time against sizes."""

from __future__ import annotations

from typing import Any

from jnerf.figures.metrics import metric_names
from jnerf.figures.plot import Axis, Line, line_plot


def training_plot(record: dict[str, Any]) -> str:
    """A metric of the test split against training seconds; of the training batches where there is no test.

    The metric is PSNR, or the first that there is.
    """
    runs = record["results"]["runs"]
    tested = any(run["evaluations"] for run in runs)
    rows = [row for run in runs for row in (run["evaluations"] if tested else run["curve"])]
    names = [name for name in metric_names(rows) if name != "samples_per_s"]
    name = "psnr" if "psnr" in names or not names else names[0]
    lines = []
    for run in runs:
        rows = run["evaluations"] if tested else run["curve"]
        points = [(row["seconds"], row[name]) for row in rows if row.get(name) is not None]
        lines.append(Line(run["exp_name"], points, dots=tested))
    what = "test views" if tested else "training batches"
    told, label = ("PSNR", "PSNR, dB") if name == "psnr" else (name, name)
    title = f"{told} of the {what} against training time"
    return line_plot(title, Axis("training seconds", log=True), Axis(label), lines)


def memory_plot(record: dict[str, Any]) -> str:
    """Peak memory against samples per step (in 2^15) and images."""
    results = record["results"]
    samples = [(row["value"] / 2**15, row["peak_gib"]) for row in results["samples"]]
    images = [(row["value"], row["peak_gib"]) for row in results["images"]]
    lines = [
        Line("samples per step / 32768", samples, dots=True),
        Line("training images", images, dots=True),
    ]
    title = "Peak memory of training"
    return line_plot(title, Axis("number"), Axis("peak, GiB"), lines)


def growth_plot(record: dict[str, Any]) -> str:
    """Processor seconds of a step against its samples (in 2^15), and gigabytes against thousands of images."""
    results = record["results"]
    seconds = [(row["samples"] / 2**15, row["step_ms"] / 1e3) for row in results["samples"]]
    memory = [(row["samples"] / 2**15, row["peak_gib"]) for row in results["samples"]]
    images = [(row["value"] / 100, row["peak_gib"]) for row in results["images"]]
    lines = [
        Line("CPU seconds of a step, by samples / 32768", seconds, dots=True),
        Line("peak GiB, by samples / 32768", memory, dots=True),
        Line("peak GiB, by images / 100", images, dots=True),
    ]
    return line_plot("Growth", Axis("number"), Axis("seconds, GiB"), lines)
