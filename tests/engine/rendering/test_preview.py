"""The preview: each picture is a part of the next, the last one is the view, no pixel is rendered twice."""

import numpy as np
import pytest

import jnerf.engine.rendering.image as image_module
from jnerf.config.check import check
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.rendering.image import render_image
from jnerf.engine.rendering.preview import preview
from jnerf.structures import RayBundle


@pytest.fixture
def scene(tiny):
    config = tiny()
    check(config)
    return build_pipeline(config), build_dataset(config, "test")


def rays_of(dataset, view):
    def rays(x, y):
        return RayBundle(*dataset.cameras.rays(np.full(x.shape, view, np.int32), x, y))

    return rays


@pytest.mark.parametrize("width, height", [(16, 16), (13, 9), (5, 3)])
def test_pictures_become_the_view(scene, width, height, monkeypatch):
    pipeline, dataset = scene
    rendered = []
    chunk = image_module._arrays
    monkeypatch.setattr(
        image_module, "_arrays", lambda p, rays: rendered.append(len(rays)) or chunk(p, rays)
    )
    pictures = list(preview(pipeline, rays_of(dataset, 1), width, height, rays_per_chunk=50))
    assert sum(rendered) == width * height and max(rendered) <= 50

    def rows(y0, y1):
        y, x = np.mgrid[y0:y1, 0:width].reshape(2, -1).astype(np.int32)
        return rays_of(dataset, 1)(x, y)

    whole = render_image(pipeline, rows, width, height)
    assert whole.opacities.max() > 0.01
    assert len(pictures) == 4
    for stride, picture in zip((8, 4, 2, 1), pictures, strict=True):
        for name in ("colors", "opacities", "depths"):
            expected = getattr(whole, name)[::stride, ::stride]
            np.testing.assert_array_equal(getattr(picture, name), expected)


def test_whoever_stops_early_waits_for_nothing_more(scene, monkeypatch):
    pipeline, dataset = scene
    rendered = []
    chunk = image_module._arrays
    monkeypatch.setattr(
        image_module, "_arrays", lambda p, rays: rendered.append(len(rays)) or chunk(p, rays)
    )
    first = next(preview(pipeline, rays_of(dataset, 0), 16, 16))
    assert first.colors.shape == (2, 2, 3) and sum(rendered) == 4


@pytest.mark.parametrize("strides", [(8, 3), (2, 4), (0,), ()])
def test_strides_that_do_not_nest(scene, strides):
    pipeline, dataset = scene
    if strides == ():
        assert list(preview(pipeline, rays_of(dataset, 0), 16, 16, strides)) == []
        return
    with pytest.raises(ValueError, match="must be at least 1 and divide the one before"):
        next(preview(pipeline, rays_of(dataset, 0), 16, 16, strides))
