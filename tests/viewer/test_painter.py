"""What is rendered when: coarse pictures first, portions, several people, nothing for nobody."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.common import device
from jnerf.viewer import painter as module
from jnerf.viewer.painter import Onlooker, Painter
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.settings import Settings
from jnerf.viewer.viewpoint import Viewpoint


class Someone:
    """An onlooker with what was sent to them."""

    def __init__(self, stage, width=128, height=96):
        pose, _, fov = stage.first_view()
        self.sizes = []
        self.pose, self.fov, self.size = pose, fov, (width, height)
        self.onlooker = Onlooker(self.view, lambda rgb, depth: self.sizes.append(rgb.shape[0]))

    def view(self):
        return Viewpoint(self.pose, self.fov, *self.size)


@pytest.fixture
def painter(stage):
    CHANNELS.load()
    channels = {name: CHANNELS.get(name)() for name in CHANNELS.names()}
    return Painter(stage, Settings(), channels, jt.no_grad)


def test_pictures_from_coarse_to_fine_in_portions(painter, stage, monkeypatch):
    rays = []
    whole = module.render_rays
    monkeypatch.setattr(
        module, "render_rays", lambda p, r, n, most: rays.append(n) or whole(p, r, n, most)
    )
    someone = Someone(stage)
    painter.rate = painter.pace = 1500.0  # a slow machine: the coarsest picture first, small portions
    turns = 0
    while painter.spend([someone.onlooker], 0.0, refresh=False):
        painter.rate = painter.pace = 1500.0
        turns += 1
    assert someone.sizes == [6, 12, 24, 48, 96]
    assert turns == len(rays) > 20 and sum(rays) == 128 * 96
    assert max(rays) == 256  # never a whole picture at a time
    assert not painter.spend([someone.onlooker], 9.0, refresh=False)


def test_a_first_picture_waits_for_no_other_turn(painter, stage):
    someone = Someone(stage, 512, 384)
    painter.rate = painter.pace = 1500.0  # three portions
    painter.spend([someone.onlooker], 0.0, refresh=False)
    assert someone.sizes == [24]
    someone.onlooker.moved = (
        True  # one who moves has a picture, and takes no more than the time that is given
    )
    painter.rate = painter.pace = 1500.0
    painter.spend([someone.onlooker], 0.0, refresh=False)
    assert someone.sizes == [24] and someone.onlooker.waiting


@pytest.mark.parametrize("pace, sizes", [(2e4, [24]), (1e5, [48]), (2e5, [96]), (1e3, [6])])
def test_a_fast_machine_begins_finer(painter, stage, pace, sizes):
    """With the finest picture that takes a tenth of a second; with the whole view where that does not take longer."""
    someone = Someone(stage)
    painter.rate, painter.pace = 1e6, pace
    painter.spend([someone.onlooker], 0.0, refresh=False)
    assert someone.sizes == sizes


def test_portions_are_larger_on_cuda(painter, stage):
    someone = Someone(stage, 160, 128)
    painter.rate = painter.pace = 1e8
    with device.as_on_cuda():
        painter.spend([someone.onlooker], 0.0, refresh=False)
    assert someone.sizes == [128]  # of one portion


def test_a_picture_that_ends_in_the_sky_does_not_make_the_next_begin_finer(
    painter, stage, monkeypatch
):
    whole, clock = module.render_rays, [0.0]

    def render(pipeline, rays, n, most):
        found = whole(pipeline, rays, n, most)
        progress = someone.onlooker.progress
        sky = progress._at > 0.7 * len(progress._lattices[progress._level][0])
        clock[0] += n / (1e8 if sky else 1e5)
        return found

    monkeypatch.setattr(module, "render_rays", render)
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    someone = Someone(stage, 256, 192)
    painter.pace = painter.rate = 1e5
    while painter.spend([someone.onlooker], 0.0, refresh=False):
        pass
    assert painter.rate > 1e6 and 1e5 <= painter.pace < 2e5


def test_the_camera_of_a_view_is_made_once(painter, stage, monkeypatch):
    made, kept = [], stage.cameras_of
    monkeypatch.setattr(stage, "cameras_of", lambda view: made.append(view) or kept(view))
    someone = Someone(stage)
    painter.rate = painter.pace = 1500.0
    while painter.spend([someone.onlooker], 0.0, refresh=False):
        painter.rate = 1500.0
    assert len(made) == 1
    someone.onlooker.moved = True
    painter.spend([someone.onlooker], 0.0, refresh=False)
    assert len(made) == 2


def test_whoever_has_no_picture_comes_first(painter, stage):
    first, second = Someone(stage), Someone(stage, 64, 64)
    painter.rate, painter.pace = 1e6, 1e4
    while not first.onlooker.progress or not first.onlooker.progress.done:
        painter.spend([first.onlooker], 0.0, refresh=False)
    painter.rate, painter.pace = 1e6, 1e4
    first.onlooker.moved = True
    painter.spend([first.onlooker, second.onlooker], 0.0, refresh=False)
    painter.spend([first.onlooker, second.onlooker], 0.0, refresh=False)
    assert second.sizes and first.onlooker.pictures > 3


def test_a_view_that_is_done_is_rendered_again_only_while_the_field_learns(
    painter, stage, monkeypatch
):
    someone = Someone(stage, 16, 12)
    while painter.spend([someone.onlooker], 1.0, refresh=False):
        pass
    n = len(someone.sizes)
    assert not painter.spend([someone.onlooker], 0.1, refresh=False)
    monkeypatch.setattr(module, "_REFRESH", 1e9)
    assert painter.spend([someone.onlooker], 0.1, refresh=True) and len(someone.sizes) == n
    monkeypatch.setattr(module, "_REFRESH", 0.0)
    painter.spend([someone.onlooker], 0.0, refresh=True)  # time for one
    assert len(someone.sizes) == n + 1 and someone.sizes[-1] == 12


def test_settings_that_need_no_rays_only_paint_again(painter, stage, monkeypatch):
    someone = Someone(stage, 16, 12)
    while painter.spend([someone.onlooker], 1.0, refresh=False):
        pass
    n = len(someone.sizes)
    monkeypatch.setattr(module, "render_rays", None)  # would fail
    painter._settings.background = (1.0, 0.0, 0.0)
    painter.spend([someone.onlooker], 1.0, refresh=False)
    assert len(someone.sizes) == n + 1
    picture = painter.picture(painter.shown(someone.onlooker))
    assert (picture[0, 0] == [255, 0, 0]).all()


def test_nobody_costs_nothing(painter):
    assert not painter.spend([], 9.0, refresh=True)


def test_a_picture_is_the_view_whatever_the_portions(painter, stage):
    found = []
    for rate in (1500.0, 1e6):
        someone = Someone(stage, 40, 30)
        painter.rate = painter.pace = rate
        while painter.spend([someone.onlooker], 0.0, refresh=False):
            painter.rate = painter.pace = rate
        found.append(painter.picture(painter.shown(someone.onlooker)))
    np.testing.assert_array_equal(*found)
