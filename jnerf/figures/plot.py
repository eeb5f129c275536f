"""Line plots as SVG text: small, sharp, readable in a diff, and no library needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from jnerf.figures.numbers import short

# Okabe and Ito's colours, which colour-blind people tell apart too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


@dataclass(frozen=True)
class Line:
    """One curve: its name and points (x, y).

    Attributes:
        name: for the legend.
        points: in order.
        dots: mark the points.
        color: an index; None for its place among the lines.
        faint: thin and pale, without values to be read: noise behind a mean.
    """

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False
    color: int | None = None
    faint: bool = False


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
            inside = [mark for mark in marks if low <= mark <= high]
            if len(inside) > 1:
                return inside
        step = nice_step((high - low) / 6)
        marks = [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return [mark for mark in marks if low <= mark <= high]


@dataclass(frozen=True)
class Look:
    """What a plot looks like.

    Attributes:
        width: pixels.
        height: pixels.
        inline: for a page: no title, legend and background, colours of the page (``--c0`` ... of its style), and the
            values of each point as ``data-values``.
    """

    width: int = 640
    height: int = 400
    inline: bool = False

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """Pixels left, right, above and below of the axes."""
        return (56, 12, 8, 38) if self.inline else (62, 14, 34, 46)

    @property
    def grid(self) -> str:
        """How grid lines are drawn."""
        return 'class="grid"' if self.inline else 'stroke="#ddd"'

    def color(self, index: int) -> str:
        """A colour as CSS knows it."""
        index %= len(COLORS)
        return f"var(--c{index},{COLORS[index]})" if self.inline else COLORS[index]


def nice_step(rough: float) -> float:
    """The nearest of 1, 2, 5 x 10^k that is not below ``rough``.

    >>> nice_step(0.3), nice_step(7.0)
    (0.5, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))


def line_plot(title: str, x: Axis, y: Axis, lines: Sequence[Line], look: Look | None = None) -> str:
    """An SVG file with all lines; points that are not finite, or that a logarithm does not know, are left out.

    >>> line_plot("t", Axis("a"), Axis("b"), [Line("c", [(0, 0), (1, 2)])])[:4]
    '<svg'
    """
    look = look or Look()
    kept = [[p for p in line.points if _drawable(p, x, y)] for line in lines]
    every = [point for points in kept for point in points] or [(1.0, 1.0)]
    frame = _Frame(x, y, look, *_range([a for a, _ in every]), *_range([b for _, b in every]))
    body = [frame.grid()]
    for i, (line, points) in enumerate(zip(lines, kept, strict=True)):
        body.append(_curve(frame, line, points, i if line.color is None else line.color))
        if not look.inline:
            right, row = look.width - look.edges[1] - 8, look.edges[2] + 16 + 16 * i
            body.append(_text(right, row, line.name, f'text-anchor="end" fill="{look.color(i)}"'))
    return "\n".join([_head(title, look), *body, "</svg>"]) + "\n"


def _drawable(point: tuple[float, float], x: Axis, y: Axis) -> bool:
    a, b = point
    return math.isfinite(a) and math.isfinite(b) and (a > 0 or not x.log) and (b > 0 or not y.log)


def _head(title: str, look: Look) -> str:
    box = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {look.width} {look.height}"'
    if look.inline:
        return f'{box} class="plot" role="img" aria-label="{escape(title)}">'
    return (
        f'{box} width="{look.width}" height="{look.height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="{look.width}" height="{look.height}" fill="white"/>\n'
        + _text(look.width / 2, 20, title, 'text-anchor="middle" font-size="14"')
    )


def _curve(frame: _Frame, line: Line, points: list[tuple[float, float]], color: int) -> str:
    """A line, and its dots; of a single point always a dot, which a line would not show."""
    shown = frame.look.color(color)
    pixels = [frame.pixel(a, b) for a, b in points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in pixels)
    more = ' stroke-width="1.8"'
    if line.faint:
        more = ' stroke-width="1" stroke-opacity="0.3"'
    elif frame.look.inline:
        values = " ".join(f"{a:.6g},{b:.5g}" for a, b in points)
        more += f' data-name="{escape(line.name)}" data-values="{values}"'
    parts = [f'<polyline points="{path}" fill="none" style="stroke:{shown}"{more}/>']
    if line.dots or len(points) == 1:
        dot = f'r="3" style="fill:{shown}"'
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" {dot}/>' for a, b in pixels]
    return "\n".join(parts)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    return low, low + max(1.0, 1e-6 * abs(low))  # 1e16 + 1 is 1e16


def _text(x: float, y: float, text: str, attributes: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


@dataclass(frozen=True)
class _Frame:
    """The axes and where values lie between them."""

    x: Axis
    y: Axis
    look: Look
    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def pixel(self, a: float, b: float) -> tuple[float, float]:
        """Pixels of a point."""
        left, right, top, bottom = self.look.edges
        u = _share(self.x, a, self.x_low, self.x_high)
        v = _share(self.y, b, self.y_low, self.y_high)
        return (
            left + u * (self.look.width - left - right),
            self.look.height - bottom - v * (self.look.height - top - bottom),
        )

    def grid(self) -> str:
        """Grid lines, tick labels and axis labels."""
        left, right, top, bottom = self.look.edges
        width, height, line = self.look.width, self.look.height, self.look.grid
        parts = []
        for tick in self.x.ticks(self.x_low, self.x_high):
            a, _ = self.pixel(tick, self.y_low)
            parts.append(f'<path d="M{a:.1f} {top}V{height - bottom}" {line}/>')
            parts.append(_text(a, height - bottom + 15, short(tick), 'text-anchor="middle"'))
        for tick in self.y.ticks(self.y_low, self.y_high):
            _, b = self.pixel(self.x_low, tick)
            parts.append(f'<path d="M{left} {b:.1f}H{width - right}" {line}/>')
            parts.append(_text(left - 6, b + 4, short(tick), 'text-anchor="end"'))
        middle = (height - bottom + top) / 2
        parts.append(
            _text((left + width - right) / 2, height - 6, self.x.label, 'text-anchor="middle"')
        )
        turned = f'text-anchor="middle" transform="rotate(-90 14 {middle:.0f})"'
        parts.append(_text(14, middle, self.y.label, turned))
        return "\n".join(parts)


def _share(axis: Axis, value: float, low: float, high: float) -> float:
    low, high = axis.place(low), axis.place(high)
    return (axis.place(value) - low) / (high - low)
