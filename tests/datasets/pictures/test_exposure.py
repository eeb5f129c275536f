"""Exposures that learn: their mean is always 0, rounds are exposed alike, and training batches alone."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.pictures.exposure import ExposureRefinement
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.errors import ConfigError
from jnerf.ops.expose import reference
from jnerf.registry import EXPOSURES
from jnerf.structures import Batch, RayBundle, RenderOutput

NUMBERS = np.float32([[1, 0, 0.5], [-1, 0.4, 0], [0.6, 0, 0.1]])


def learned(numbers=NUMBERS, **how):
    found = ExposureRefinement(len(numbers), **how)
    found.numbers.update(jt.array(numbers))
    return found


def rendered(n=6):
    random = np.random.default_rng(0)
    colors, rgba = random.random((n, 3)), random.random((n, 4))
    colors, rgba, d = (v.astype(np.float32) for v in (colors, rgba, random.normal(size=(n, 3))))
    images = np.arange(n, dtype=np.int32) % 3
    rays = RayBundle(jt.zeros((n, 3)), jt.array(d), jt.array(images))
    zeros = jt.zeros((n, 1))
    render = RenderOutput(jt.array(colors), jt.ones((n, 1)), zeros, zeros, zeros)
    return render, Batch(rays, jt.array(rgba)), colors, rgba, images


def test_colours_of_every_round_are_taken_at_the_exposure_of_their_image():
    render, batch, colors, rgba, images = rendered()
    unread, weights = None, replace(render, colors=None)
    found = learned().taken(replace(render, history=(render, unread, weights)), batch, 0)
    stops = NUMBERS - NUMBERS.mean(0)
    right = reference.expose(colors, np.ones((6, 1)), None, rgba, stops, images)
    np.testing.assert_allclose(found.colors.numpy(), right, atol=1e-5)
    np.testing.assert_allclose(found.history[0].colors.numpy(), right, atol=1e-5)
    assert found.history[1] is None and found.history[2].colors is None


def test_the_mean_over_the_images_is_nobodys():
    part = learned()
    np.testing.assert_allclose(part.values().mean(0), 0, atol=1e-7)
    render, batch, *_ = rendered()
    grad = jt.grad(part.taken(render, batch, 0).colors.sum(), part.numbers).numpy()
    assert np.abs(grad).min() > 1e-3
    np.testing.assert_allclose(grad.sum(0), 0, atol=1e-6)
    brighter = learned(NUMBERS + np.float32([2, 2, 2]))
    np.testing.assert_allclose(brighter.values(), part.values(), atol=1e-6)


def test_channels_may_go_together_and_a_start_may_wait():
    part = learned(NUMBERS[:, :1], channels="alike", begin=10)
    right = np.repeat(NUMBERS[:, :1] - NUMBERS[:, :1].mean(), 3, 1)
    np.testing.assert_allclose(part.values(), right, atol=1e-6)
    render, batch, *_ = rendered()
    assert part.taken(render, batch, 9) is render
    assert part.taken(render, batch, 10) is not render
    assert part.stats() == {"exposure_stops_mean": 0.8, "exposure_stops_max": 1.2}


def test_a_dataset_keeps_them_as_a_group_and_other_splits_do_not():
    block = {"type": "ExposureRefinement"}
    dataset = ProceduralDataset(n_train=4, n_test=2, resolution=8, exposure=block)
    groups = dataset.param_groups()
    assert list(groups) == ["exposure"] and groups["exposure"][0].shape == [4, 3]
    assert dataset.protocol["exposure"].startswith("learned for each training image")
    assert ProceduralDataset(n_train=4, n_test=2, resolution=8).param_groups() == {}


def test_what_is_wrong_is_named():
    with pytest.raises(ConfigError, match="exposure.channels is 'all'; choose one of each, alike"):
        ExposureRefinement(3, "all")
    with pytest.raises(ConfigError, match="exposure.begin is -1; it must be at least 0"):
        ExposureRefinement(3, begin=-1)
    assert EXPOSURES.get("ExposureRefinement") is ExposureRefinement
