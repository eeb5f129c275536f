from xml.etree import ElementTree

import pytest
from svg import points

from jnerf.figures.plot import Axis, Line, Look, line_plot, nice_step


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
    huge = [(1.0, 1e16), (2.0, 1e16 + 2)]
    for values in ([], [(1.0, 2.0)], [(1.0, 2.0), (3.0, 2.0)], huge[:1], huge, [(1.0, -1e38)]):
        for y in (Axis("y"), Axis("y", log=True)):
            ElementTree.fromstring(line_plot("a < b", Axis("x"), y, [Line("l & m", values)]))


def test_ticks_are_round():
    assert nice_step(0.3) == 0.5 and nice_step(7.0) == 10.0
    assert Axis("").ticks(0, 60) == [0, 10, 20, 30, 40, 50, 60]
    assert Axis("", log=True).ticks(0.9, 30) == [1, 2, 5, 10, 20]


def test_narrow_logarithmic_axes_have_ticks():
    assert Axis("", log=True).ticks(3.1, 3.9) == pytest.approx([3.2, 3.4, 3.6, 3.8])


def test_a_plot_of_a_page_has_its_values_and_takes_its_colours():
    bad = float("nan")
    line = Line("a & b", [(1, 2), (2, bad), (3, 4.5)], color=2)
    svg = line_plot("t", Axis("x"), Axis("y"), [line], Look(300, 200, inline=True))
    assert 'data-values="1,2 3,4.5"' in svg and 'data-name="a &amp; b"' in svg
    assert "stroke:var(--c2,#009E73)" in svg and "<rect" not in svg
    (pixels,) = points(svg)
    assert all(0 <= x <= 300 and 0 <= y <= 200 for x, y in pixels)
    ElementTree.fromstring(svg)
