"""Photographs made worse on purpose: known exposures, squares, the same for the same seed, training images alone."""

import numpy as np
import pytest

from jnerf.datasets.pictures.disturbance import Disturbance, DisturbedImages
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.errors import ConfigError
from jnerf.imaging.srgb import to_linear, to_srgb

SCENE = {"n_train": 5, "n_test": 2, "resolution": 24}


@pytest.fixture(scope="module")
def plain():
    return ProceduralDataset(**SCENE)


def test_exposures_are_within_their_bounds_and_of_mean_0():
    found = Disturbance(stops=1.0, tint=0.2).exposures(400, seed=3)
    assert np.abs(found.mean(0)).max() < 1e-12 and 0.9 < np.abs(found).max() < 1.35
    assert 0.1 < np.abs(found - found.mean(1, keepdims=True)).max() < 0.3
    assert Disturbance(stops=1.0).exposures(400, seed=3).std(1).max() < 1e-12
    again, other = (Disturbance(stops=1.0, tint=0.2).exposures(400, seed=s) for s in (3, 4))
    np.testing.assert_array_equal(again, found)
    assert np.abs(other - found).max() > 0.1


def test_training_images_have_their_light_times_a_power_of_two(plain):
    worse = ProceduralDataset(**SCENE, disturb={"stops": 1.0, "tint": 0.3}, seed=2)
    stops = worse.disturbance.exposures(5, seed=2)
    for i in range(5):
        light = to_linear(plain.view(i).rgba()[..., :3] / np.float32(255))
        right = np.clip(to_srgb(light * 2 ** stops[i].astype(np.float32)) * 255, 0, 255)
        found = worse.view(i).rgba()
        assert np.abs(found[..., :3] - right).max() < 0.51
        np.testing.assert_array_equal(found[..., 3], plain.view(i).rgba()[..., 3])
    part = worse.images.pixels[worse.images.offsets[3] :][: 24 * 24]
    np.testing.assert_array_equal(part.view(np.uint8).reshape(24, 24, 4), worse.view(3).rgba())
    assert worse.images.paths is None and "exposure by up to 1 stops" in worse.disturbance.words


def test_test_images_stay_as_they_are(plain):
    worse, right = (
        ProceduralDataset(**SCENE, split="test", disturb=how) for how in ({"stops": 2.0}, None)
    )
    assert worse.disturbance is None
    np.testing.assert_array_equal(worse.view(1).rgba(), right.view(1).rgba())


def test_squares_are_opaque_striped_and_elsewhere_in_each_image(plain):
    how = Disturbance(squares=1, square_size=0.5)
    worse = DisturbedImages(plain.images, plain.cameras.sizes, how, seed=1)
    places = set()
    for i in range(5):
        changed = (worse.image(i) != plain.view(i).rgba()).any(-1)
        y, x = np.nonzero(changed)
        assert y.max() - y.min() == x.max() - x.min() == 11  # half of 24 pixels
        square = worse.image(i)[y.min() : y.max() + 1, x.min() : x.max() + 1]
        assert (square[..., 3] == 255).all() and (square == square[:1]).all()
        assert 8 <= len(np.unique(square[0], axis=0)) <= 10
        places.add((y.min(), x.min()))
    assert len(places) > 3


def test_what_is_out_of_range_is_named():
    with pytest.raises(ConfigError, match=r"disturb.stops is -1; it must be at least 0"):
        Disturbance(stops=-1)
    with pytest.raises(ConfigError, match=r"disturb.square_size is 2; it must be in \(0, 1\]"):
        Disturbance(square_size=2)
    assert Disturbance().words == "not at all"
