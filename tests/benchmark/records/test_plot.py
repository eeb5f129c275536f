import re
from xml.etree import ElementTree

from benchmark_records import make

from jnerf.benchmark.records.plot import (
    Axis,
    Line,
    line_plot,
    memory_plot,
    nice_step,
    training_plot,
)


def points(svg: str) -> list[list[tuple[float, float]]]:
    found = re.findall(r'<polyline points="([^"]*)"', svg)
    return [[tuple(map(float, p.split(","))) for p in line.split()] for line in found]


def test_plots_are_xml_and_keep_within_the_picture():
    for svg in (training_plot(make("train")), memory_plot(make("memory"))):
        root = ElementTree.fromstring(svg)
        width, height = float(root.get("width")), float(root.get("height"))
        for line in points(svg):
            assert all(0 <= x <= width and 0 <= y <= height for x, y in line)


def test_values_lie_where_the_axes_say():
    line = Line("a", [(0, 0), (5, 1), (10, 4)])
    (pixels,) = points(line_plot("t", Axis("x"), Axis("y"), [line]))
    (x0, y0), (x1, y1), (x2, y2) = pixels
    assert abs((x1 - x0) / (x2 - x0) - 0.5) < 1e-2 and abs((y1 - y0) / (y2 - y0) - 0.25) < 1e-2
    assert x2 > x0 and y2 < y0  # up is up
    line = Line("a", [(0, 9), (1, 0), (10, 1), (100, 2)])
    (pixels,) = points(line_plot("t", Axis("x", log=True), Axis("y"), [line]))
    assert len(pixels) == 3 and abs(pixels[1][0] - (pixels[0][0] + pixels[2][0]) / 2) < 0.1


def test_empty_single_and_constant_lines_are_drawn():
    for values in ([], [(1.0, 2.0)], [(1.0, 2.0), (3.0, 2.0)]):
        ElementTree.fromstring(line_plot("a < b", Axis("x"), Axis("y"), [Line("l & m", values)]))


def test_ticks_are_round():
    assert nice_step(0.3) == 0.5 and nice_step(7.0) == 10.0
    assert Axis("").ticks(0, 60) == [0, 10, 20, 30, 40, 50, 60]
    assert Axis("", log=True).ticks(0.9, 30) == [1, 2, 5, 10, 20]
