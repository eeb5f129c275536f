"""Fields of every method can be looked at: colours, depths and normals, whole and cropped."""

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.viewer.painter import Onlooker, Painter
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.settings import Settings
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint

METHODS = (
    "ngp_lego ngp_fern nerf_lego_small mipnerf_lego_small hashnerf_lego plenoxels_lego_small neus_scan24 "
    "hash_neus_scan24_wmask nerfacto_small"
).split()
#: Those whose fields end somewhere.
BOUNDED = [n for n in METHODS if n not in ("ngp_fern", "neus_scan24", "nerfacto_small")]


@pytest.fixture(params=METHODS)
def stage(request, small):
    pipeline = build_pipeline(small(request.param), training=False)
    with jt.no_grad():
        pipeline.sampler.update(FrozenField(pipeline.network), 0)
    return Stage(pipeline)


def look(stage, **settings):
    """What is rendered of the first view with these settings: an Onlooker with its last picture and depths."""
    CHANNELS.load()
    channels = {name: CHANNELS.get(name)() for name in CHANNELS.names()}
    painter = Painter(stage, Settings(**settings), channels, jt.no_grad)
    pose, _, fov = stage.first_view()
    got = []
    someone = Onlooker(
        lambda: Viewpoint(pose, fov, 24, 16), lambda rgb, depth: got.append((rgb, depth))
    )
    while painter.spend([someone], 0.0, refresh=False):
        pass
    assert someone.progress.done
    return someone, *got[-1]


def test_it_can_be_looked_at(stage):
    someone, rgb, depth = look(stage)
    assert rgb.shape == (16, 24, 3) and depth.shape == (16, 24) and np.isfinite(depth).all()
    image = someone.progress.image(1)
    assert image.opacities.max() > 0.01 and image.opacities.max() <= 1.001
    surface = "normals" in stage.pipeline.renderer.provides
    assert (image.normals is not None) == surface
    _, normals, _ = look(stage, channel="NormalsChannel")
    assert normals.max() > 2


def test_a_crop_shows_less_and_nothing_of_nothing(stage):
    whole = look(stage)[0].progress.image(1).opacities
    low, high = stage.aabb[:3], stage.aabb[3:]
    middle = 0.5 * (low + high)
    half = look(stage, crop=(*low, *middle[:2], high[2]))[0].progress.image(1).opacities
    assert half.sum() < whole.sum()
    none = look(stage, crop=(*high + 1, *high + 2))[0].progress.image(1).opacities
    assert none.max() == 0
    every = look(stage, crop=(*low - 9, *high + 9))[0].progress.image(1).opacities
    if whole.min() < 1:  # else the renderer lets nothing through, which a crop leaves out
        np.testing.assert_allclose(every, whole, atol=2e-3)


@pytest.mark.parametrize("stage", BOUNDED, indirect=True)
def test_a_view_of_nothing_at_all_is_empty(stage):
    pose, _, _ = stage.first_view()
    away = pose.copy()
    away[:, :3] = pose[:, :3] @ np.diag([-1, 1, -1])  # turned round
    away[:, 3] += 9 * pose[:, 2]  # and far away
    stage.first_view = lambda: (away, None, 0.3)
    someone, rgb, _ = look(stage)
    assert someone.progress.image(1).opacities.max() == 0 and rgb.max() == 0
