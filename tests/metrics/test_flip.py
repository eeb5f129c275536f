"""FLIP of the library against its paper's formulas, where no filter matters: images of one colour each."""

import sys

import numpy as np
import pytest

from jnerf.metrics.flip import flip_metric
from jnerf.metrics.optional import MetricAbsent

# Linear sRGB to XYZ (IEC 61966-2-1), as shares of the white point.
_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_PC, _PT, _EXPONENT = 0.4, 0.95, 0.7


@pytest.fixture(scope="module")
def flip():
    pytest.importorskip("flip_evaluator")
    return flip_metric().of


def hunt_lab(color):
    """L*a*b* of a colour, its chroma lowered in the dark."""
    color = np.asarray(color, np.float64)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    x = _XYZ @ linear / _XYZ.sum(axis=1)
    f = np.where(x > (6 / 29) ** 3, np.cbrt(x), x / (3 * (6 / 29) ** 2) + 4 / 29)
    light = 116 * f[1] - 16
    return np.array([light, 0.01 * light * 500 * (f[0] - f[1]), 0.01 * light * 200 * (f[1] - f[2])])


def distance(a, b):
    d = hunt_lab(a) - hunt_lab(b)
    return (abs(d[0]) + np.hypot(d[1], d[2])) ** _EXPONENT


def expected(a, b):
    """Of two colours, in [0, 1]."""
    most = distance([0, 1, 0], [0, 0, 1])
    found, knee = distance(a, b), _PC * most
    if found < knee:
        return _PT * found / knee
    return _PT + (found - knee) / (most - knee) * (1 - _PT)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([0, 0, 0], [1, 1, 1]),
        ([0, 1, 0], [0, 0, 1]),
        ([0.5, 0.5, 0.5], [0.52, 0.5, 0.47]),
        ([0.9, 0.2, 0.1], [0.1, 0.3, 0.8]),
    ],
)
def test_images_of_one_colour_differ_as_the_paper_says(flip, a, b):
    images = [np.broadcast_to(np.float32(color), (40, 48, 3)) for color in (a, b)]
    assert flip(*images) == pytest.approx(expected(a, b), abs=2e-3)


def test_only_pixels_that_are_shown_count(flip):
    rng = np.random.default_rng(0)
    truth = rng.uniform(size=(64, 64, 3))
    assert flip(truth, truth) == 0
    wrong = truth.copy()
    wrong[:, :20] = 1 - wrong[:, :20]
    far = np.zeros((64, 64), bool)
    far[:, 44:] = True
    assert flip(wrong, truth) > 0.1 and flip(wrong, truth, far) < 0.01
    with pytest.raises(ValueError, match="they must be equal"):
        flip(truth[:60], truth)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "flip_evaluator", None)
    with pytest.raises(MetricAbsent, match="flip-evaluator"):
        flip_metric()
