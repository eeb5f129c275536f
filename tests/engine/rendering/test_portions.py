"""Portions of a view: what they hold changes no bit of it; on CUDA there is one once the field is known."""

import numpy as np
import pytest

import jnerf.engine.rendering.image as image_module
from jnerf.benchmark.host import variants
from jnerf.config import find_config
from jnerf.config.check import check
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.engine.rendering.image import render_image
from jnerf.engine.rendering.portions import RAYS_PER_CHUNK, Portions, samples_at_once
from jnerf.ops.common import device

NGP = str(find_config("ngp_embedded"))


class Rays:
    """In place of a sampler."""


@pytest.fixture
def portions(monkeypatch):
    """Sizes of the portions that are rendered from here on."""
    found, kept = [], image_module._arrays
    monkeypatch.setattr(
        image_module, "_arrays", lambda p, rays: found.append(len(rays)) or kept(p, rays)
    )
    return found


def test_a_view_has_the_same_bits_in_any_portions(portions):
    config = next(variants(NGP, ["network.precision=fp32"]))
    config.dataset.update(resolution=48)
    check(config)
    pipeline, view = build_pipeline(config), build_dataset(config, "test").view(1)
    pipeline.network.eval()
    pipeline.sampler.update(FrozenField(pipeline.network), 0)
    whole = render_image(pipeline, view.rays, view.width, view.height)
    assert whole.opacities.max() > 0.01 and portions[0] == 1008  # whole rows
    for how in (100, None):
        portions.clear()
        other = render_image(pipeline, view.rays, view.width, view.height, how)
        for name in ("colors", "opacities", "depths"):
            np.testing.assert_array_equal(getattr(other, name), getattr(whole, name))
        assert sum(portions) == 48 * 48 and (how is None or max(portions) == 96)
    portions.clear()
    with device.as_on_cuda():  # windows of other lengths too
        on_cuda = render_image(pipeline, view.rays, view.width, view.height)
    assert portions == [48 * 48]
    np.testing.assert_array_equal(on_cuda.colors, whole.colors)


def test_sizes_follow_the_samples():
    rays = Rays()
    sizes = Portions(rays, None, 1)
    assert sizes.size == 1024
    sizes.took(1024, 0)
    assert sizes.size == 2048
    sizes.took(2048, 2048 * 512)  # fog
    assert sizes.size == samples_at_once() // 512
    assert Portions(rays, None, 1).size == samples_at_once() // 512  # its next view
    assert Portions(rays, 100, 7).size == 14 and Portions(rays, 1, 7).size == 1
    few = Rays()
    Portions(few, None, 1).took(1024, 1024)
    assert Portions(few, None, 1).size == RAYS_PER_CHUNK


def test_sizes_on_cuda():
    with device.as_on_cuda():
        rays = Rays()
        sizes = Portions(rays, None, 800)
        assert sizes.size == 20
        sizes.took(20, 0)
        assert sizes.size == 640
        sizes.took(640, 640 * 800 * 4)
        assert Portions(rays, None, 800).size >= 300
