"""Line plots as SVG text: small, sharp, readable in a diff, and no library needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from jnerf.benchmark.records.metric_cells import metric_names

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 34, 46
# Okabe and Ito's colours, which colour-blind people tell apart too.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


@dataclass(frozen=True)
class Line:
    """One curve: its name and points (x, y); ``dots`` marks the points."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True)
class Axis:
    """What an axis says and whether it is logarithmic."""

    label: str
    log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies before scaling to pixels."""
        return math.log10(value) if self.log else value

    def ticks(self, low: float, high: float) -> list[float]:
        """Round values in [low, high], at most about eight."""
        if self.log:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            marks = [m * 10.0**e for e in range(first, last + 1) for m in (1, 2, 5)]
            if last - first > 3:
                marks = [10.0**e for e in range(first, last + 1)]
        else:
            step = nice_step((high - low) / 6)
            marks = [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return [mark for mark in marks if low <= mark <= high]


def nice_step(rough: float) -> float:
    """The nearest of 1, 2, 5 x 10^k that is not below ``rough``.

    >>> nice_step(0.3), nice_step(7.0)
    (0.5, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))


def line_plot(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """An SVG file with all lines; points that a logarithm does not know are left out.

    >>> line_plot("t", Axis("a"), Axis("b"), [Line("c", [(0, 0), (1, 2)])])[:4]
    '<svg'
    """
    kept = [
        [(a, b) for a, b in line.points if (a > 0 or not x.log) and (b > 0 or not y.log)]
        for line in lines
    ]
    every = [point for points in kept for point in points] or [(1.0, 1.0)]
    frame = _Frame(x, y, *_range([a for a, _ in every]), *_range([b for _, b in every]))
    body = [frame.grid()]
    for i, (line, points) in enumerate(zip(lines, kept, strict=True)):
        color = _COLORS[i % len(_COLORS)]
        pixels = [frame.pixel(a, b) for a, b in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in pixels)
        body.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8"/>')
        if line.dots:
            body += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{color}"/>' for a, b in pixels]
        row = _TOP + 16 + 16 * i
        body.append(_text(_WIDTH - _RIGHT - 8, row, line.name, f'text-anchor="end" fill="{color}"'))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    )
    title = _text(_WIDTH / 2, 20, title, 'text-anchor="middle" font-size="14"')
    return "\n".join([head, title, *body, "</svg>"]) + "\n"


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1)


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


@dataclass(frozen=True)
class _Frame:
    """The axes and where values lie between them."""

    x: Axis
    y: Axis
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def pixel(self, a: float, b: float) -> tuple[float, float]:
        """Pixels of a point."""
        u = _share(self.x, a, self.x_low, self.x_high)
        v = _share(self.y, b, self.y_low, self.y_high)
        return (
            _LEFT + u * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - v * (_HEIGHT - _TOP - _BOTTOM),
        )

    def grid(self) -> str:
        """Grid lines, tick labels and axis labels."""
        parts = []
        for tick in self.x.ticks(self.x_low, self.x_high):
            a, _ = self.pixel(tick, self.y_low)
            parts.append(f'<path d="M{a:.1f} {_TOP}V{_HEIGHT - _BOTTOM}" stroke="#ddd"/>')
            parts.append(_text(a, _HEIGHT - _BOTTOM + 16, f"{tick:,g}", 'text-anchor="middle"'))
        for tick in self.y.ticks(self.y_low, self.y_high):
            _, b = self.pixel(self.x_low, tick)
            parts.append(f'<path d="M{_LEFT} {b:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
            parts.append(_text(_LEFT - 6, b + 4, f"{tick:,g}", 'text-anchor="end"'))
        middle = (_HEIGHT - _BOTTOM + _TOP) / 2
        parts.append(_text(_WIDTH / 2, _HEIGHT - 10, self.x.label, 'text-anchor="middle"'))
        turned = f'text-anchor="middle" transform="rotate(-90 16 {middle:.0f})"'
        parts.append(_text(16, middle, self.y.label, turned))
        return "\n".join(parts)


def _share(axis: Axis, value: float, low: float, high: float) -> float:
    low, high = axis.place(low), axis.place(high)
    return (axis.place(value) - low) / (high - low)


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
