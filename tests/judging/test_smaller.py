"""Smaller views: their rays and their truths are those of every n-th pixel."""

import numpy as np
import pytest

from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.judging.smaller import smaller


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("downscale, size", [(2, 12), (3, 8), (5, 5), (24, 1)])
def test_every_nth_pixel(downscale, size):
    dataset = ProceduralDataset(split="test", n_train=1, n_test=2, resolution=24)
    whole, small = dataset.view(1), smaller(dataset, downscale).view(1)
    assert (small.width, small.height, small.name) == (size, size, whole.name)
    first = slice(downscale // 2, None, downscale)
    np.testing.assert_array_equal(small.rgba(), whole.rgba()[first, first])
    for name in ("rays_o", "rays_d"):
        expected = getattr(whole.rays(), name).numpy().reshape(24, 24, 3)[first, first]
        found = getattr(small.rays(0, size), name).numpy().reshape(size, size, 3)
        np.testing.assert_array_equal(found, expected)
        middle = getattr(small.rays(size // 2, size), name).numpy().reshape(-1, size, 3)
        np.testing.assert_array_equal(middle, expected[size // 2 :])
    np.testing.assert_array_equal(
        small.rays(0, size).radii.numpy().reshape(size, size),
        whole.rays().radii.numpy().reshape(24, 24)[first, first],
    )
    assert smaller(dataset, 1) is dataset


def test_pixels_that_show_nothing_stay_those(monkeypatch):
    dataset = ProceduralDataset(split="test", n_train=1, n_test=2, resolution=24)
    small = smaller(dataset, 3).view(0)
    assert small.shown() is None
    shown = np.random.default_rng(0).random((24, 24)) < 0.5
    monkeypatch.setattr(type(dataset.cameras), "shown", lambda self, i: shown)
    np.testing.assert_array_equal(small.shown(), shown[1::3, 1::3])


def test_depth_is_that_of_the_pixels():
    dataset = ProceduralDataset(split="test", n_train=1, n_test=2, resolution=24)
    whole = dataset.depth_of(1)
    assert whole.shape == (24, 24) and 0 < (whole > 0).mean() < 1
    np.testing.assert_array_equal(smaller(dataset, 3).depth_of(1), whole[1::3, 1::3])
    batch = ProceduralDataset(n_train=2, n_test=1, resolution=24, extras=("depth",)).sample(9, 0)
    assert batch.extras["depth"].shape == [9, 1]
