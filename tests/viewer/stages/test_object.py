"""A mesh's field: it is looked at from around, cut open, and the page has nothing of photographs."""

import jittor as jt
import numpy as np
import pytest
from page_client import PageClient, serve_until

from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.rendering.image import render_image
from jnerf.engine.run_folder import RunFolder
from jnerf.viewer.crop import cropped
from jnerf.viewer.panels.tabs import every_control
from jnerf.viewer.stages.choose import stage_of
from jnerf.viewer.stages.object import ObjectStage
from jnerf.viewer.viewer import Viewer
from jnerf.viewer.viewpoint import Viewpoint


@pytest.fixture(scope="module")
def stage(small):
    """A field that is a ball, whatever its weights."""
    config = small("sdf_torus_small")
    pipeline = build_pipeline(config, training=False)
    network = pipeline.network

    def ball(positions):
        return jt.sqrt(jt.sqr(positions - 0.5).sum(1)) - 0.3

    network.sdf = ball
    return stage_of(pipeline, config)


def image_of(stage, pipeline):
    pose, _, fov = stage.first_view()
    view = Viewpoint(pose, fov, 24, 24)
    cameras = stage.cameras_of(view)

    def rows(first, end):
        y, x = np.mgrid[first:end, 0:24].reshape(2, -1).astype(np.int32)
        return stage.bundle(cameras, x, y)

    return render_image(pipeline, rows, 24, 24)


def test_all_of_it_is_seen(stage):
    assert isinstance(stage, ObjectStage) and stage.splits == {}
    image = image_of(stage, stage.pipeline)
    seen = image.opacities > 0.5
    assert 0.05 < seen.mean() < 0.9
    for border in (seen[0], seen[-1], seen[:, 0], seen[:, -1]):
        assert not border.any()
    assert image.normals is not None and stage.up[1] > 0.9


def test_cut_open_it_shows_the_cut(stage):
    pose = stage.first_view()[0]
    axis, side = np.abs(pose[:, 2]).argmax(), np.sign(pose[np.abs(pose[:, 2]).argmax(), 2])
    box = np.array([[-1.0] * 3, [2.0] * 3])
    box[int(side > 0), axis] = 0.5  # the half that faces the eye is gone
    image = image_of(stage, cropped(stage.pipeline, box.reshape(6)))
    seen = image.opacities > 0.5
    cut = image.normals[seen][:, axis] * side
    assert (cut > 0.999).mean() > 0.8
    nothing = image_of(stage, cropped(stage.pipeline, [5, 5, 5, 6, 6, 6]))
    assert nothing.opacities.max() == 0


def test_the_page_opens(stage, tmp_path):
    viewer = Viewer(port=0)
    viewer.open(stage, RunFolder(tmp_path / "mesh"), training=False)
    viewer.settings.resolution = 32
    client = PageClient(viewer.server.get_port(), (32, 32))
    try:
        pose, target, _ = stage.first_view()
        client.look(tuple(pose[:, 3]), tuple(target), up=(0, 1, 0))
        serve_until(viewer, lambda: client.pictures and client.pictures[-1].max() > 100)
        controls = every_control(viewer.panels)
        assert not any(name.startswith(("Cameras", "Plane")) for name in controls)
        assert any(name.startswith("Crop") for name in controls)
    finally:
        client.close()
        viewer.close()
