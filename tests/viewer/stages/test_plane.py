"""A picture: its plane is looked at like a scene, windows of it are chosen, and the error is against the true one."""

import cv2
import numpy as np
import pytest
from page_client import PageClient, serve_until

from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run_folder import RunFolder
from jnerf.viewer.panels.tabs import every_control
from jnerf.viewer.stages.choose import stage_of
from jnerf.viewer.stages.plane import PlaneStage
from jnerf.viewer.viewer import Viewer
from jnerf.viewer.viewpoint import Viewpoint

PAGE = 64, 32


@pytest.fixture(scope="module")
def config(small, tmp_path_factory):
    picture = np.zeros((16, 24, 3), np.uint8)
    picture[8:, 12:] = 200
    file = tmp_path_factory.mktemp("picture") / "corner.png"
    cv2.imwrite(str(file), picture)
    return small("image_albert_small", f"dataset.root={file}")


@pytest.fixture
def stage(config):
    return stage_of(build_pipeline(config, training=False), config)


@pytest.fixture
def page(stage, tmp_path):
    viewer = Viewer(port=0)
    viewer.open(stage, RunFolder(tmp_path / "picture"), training=False)
    viewer.settings.resolution = 64
    client = PageClient(viewer.server.get_port(), PAGE)
    client.look((0.1, 0.2, 5.0), (0.1, 0.2, 0.0), up=(0, 1, 0))
    yield viewer, client
    client.close()
    viewer.close()


def test_a_window_and_the_camera_above_it_belong_together(stage):
    assert isinstance(stage, PlaneStage) and stage.extent.tolist() == [24, 16]
    pose, target, fov = stage.over((6, 2, 18, 8), 2.0, margin=False)
    view = Viewpoint(pose, fov, 40, 20)
    np.testing.assert_allclose(stage.window(view), [6, 2, 18, 8], atol=1e-9)
    unit = stage.looked_at(view, 1)
    np.testing.assert_allclose(unit[0, 0] * [24, 16], [6.15, 2.15], atol=1e-6)
    np.testing.assert_allclose(unit[-1, -1] * [24, 16], [17.85, 7.85], atol=1e-6)
    np.testing.assert_allclose(target, [0.5, -5 / 24, 0])
    y, x = np.mgrid[0:20, 0:40].reshape(2, -1).astype(np.int32)
    points = stage.bundle(stage.cameras_of(view), x, y).rays_o.numpy()
    np.testing.assert_allclose(points, unit.reshape(-1, 2), atol=1e-5)


def test_whoever_looks_away_sees_nothing(stage):
    pose = np.column_stack([np.diag([1.0, -1.0, -1.0]), [0.5, -0.3, 1.0]])
    view = Viewpoint(pose, 0.8, 8, 8)
    assert not stage.within(stage.looked_at(view, 1)).any()


def test_all_of_it_fits_the_page_and_the_error_is_against_the_picture(page):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures and client.pictures[-1].shape[:2] == (32, 64))
    onlooker = next(iter(viewer.onlookers.values()))
    opaque = onlooker.progress.image(1).opacities
    assert 0.6 < opaque.mean() < 0.75  # 3 : 2 in 2 : 1
    assert opaque[0].max() == 0 and opaque[1:-1, 32].min() == 1
    controls = every_control(viewer.panels)
    assert set(viewer.absent) == {"depth", "normals", "opacity", "occupancy"}
    assert not any(name.startswith(("Cameras", "Crop", "Path", "Export")) for name in controls)
    client.set(controls["PicturePanel.channel"], "error")
    client.set(controls["PicturePanel.colormap"], "gray")
    serve_until(viewer, lambda: "dB" in onlooker.note and onlooker.progress.done)
    error = viewer.painter.channel.picture(viewer.painter.shown(onlooker))
    corner, rest = error[18:28, 36:50], error[4:12, 14:28]
    assert abs(corner.mean() - rest.mean()) > 0.1 and error[0].max() == 0


def test_every_control_of_the_window_acts(page):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures)
    controls = every_control(viewer.panels)
    seen = next(iter(viewer.server.get_clients().values()))

    def window():
        return viewer.stage.window(viewer.viewpoint(seen))

    def set_and_wait(name, value=True):
        before = window()
        client.set(controls[f"PlanePanel.{name}"], value)
        serve_until(viewer, lambda: np.abs(window() - before).max() > 1e-3, 10)

    whole = window()
    set_and_wait("window", "0, 0, 8, 4")
    np.testing.assert_allclose(window(), [0, 0, 8, 4], atol=1e-4)
    set_and_wait("nearer")
    np.testing.assert_allclose(window(), [2, 1, 6, 3], atol=1e-4)
    set_and_wait("farther")
    set_and_wait("pixels")
    assert np.allclose(window()[2:] - window()[:2], PAGE, atol=1e-3)
    set_and_wait("all")
    np.testing.assert_allclose(window(), whole, atol=1e-3)
    client.look((0.5, -0.3, 1.0), (0.2, -0.1, 0.0), up=(0, 1, 0))
    serve_until(viewer, lambda: abs(viewer.viewpoint(seen).c2w[2, 2] - 1) > 1e-3)
    client.set(controls["PlanePanel.straight"], True)
    serve_until(viewer, lambda: abs(viewer.viewpoint(seen).c2w[2, 2] - 1) < 1e-6)
    for text in ("1 2 3", "5 0 5 9", "a b c d"):
        n = len(client.notifications)
        client.set(controls["PlanePanel.window"], text)
        serve_until(viewer, lambda had=n: len(client.notifications) > had)
