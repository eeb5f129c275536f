"""From the world to the field and back: cameras of a path, distances, and scenes of which no film can be made."""

from types import SimpleNamespace

import numpy as np
import pytest
from captures import facing_poses, make_llff
from photographs import load, make_photographs

from jnerf.datasets.base import Dataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.engine.rendering.paths.camera_path import CameraPath, Flight
from jnerf.engine.rendering.paths.files import save_path
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.rendering.shots import path_reel, view_reel
from jnerf.engine.rendering.stage import Stage, check_scene, field_cameras, world_depths
from jnerf.errors import ConfigError, DataError

DEFAULTS = SimpleNamespace(n_frames=6, fps=10, width=None, height=None)
POINTS = np.array([[0.2, -0.1, 0.3], [0.0, 0.0, 0.0], [-0.4, 0.3, 0.1]])


@pytest.fixture
def photographs(tmp_path):
    scene = make_photographs(tmp_path / "scene")
    return load(scene, split="train", seed=0, scale=0.5, offset=[0.1, 0.2, 0.3])


@pytest.fixture
def forward(tmp_path):
    folder = make_llff(tmp_path / "llff", facing_poses(9))
    return LLFFDataset(str(folder), split="train", seed=0, downscale=2)


def reel(dataset, kind=None, root=None, **more):
    path = {k: more.pop(k) for k in ("fov", "placement", "stops") if k in more}
    request = FilmRequest(PathRequest(kind, **path), formats=("png",), **more)
    return path_reel(dataset, dataset.facts(), request, DEFAULTS, root)


def world_of(dataset, i):
    return dataset.transform.inverse().poses(dataset.cameras.c2w[i : i + 1])


def test_a_camera_of_the_world_sees_what_the_training_camera_sees(photographs):
    stage = Stage.of(photographs)
    assert np.allclose(stage.c2w[2], world_of(photographs, 2)[0]) and stage.size == (16, 16)
    assert np.allclose(stage.fov, np.degrees(2 * np.arctan(8 / 21)))
    flight = Flight(stage.c2w, stage.fov)
    cameras = field_cameras(photographs, flight, 32, 32)
    assert np.allclose(cameras.c2w, photographs.cameras.c2w, atol=1e-6)
    points = photographs.transform.points(POINTS)
    wide = photographs.cameras.intrinsics[0, 0] / photographs.cameras.intrinsics[0, 1]
    for i in range(3):
        ours = cameras.project(points, i).xy - 16
        theirs = photographs.cameras.project(points, i).xy - [8.5, 7.5]
        assert np.allclose(ours * [wide, 1], 2 * theirs, atol=1e-3)


def test_distances_in_world_units(photographs):
    cameras = photographs.cameras
    eye = world_of(photographs, 1)[0, :, 3]
    depths = np.linalg.norm(photographs.transform.points(POINTS) - cameras.c2w[1, :, 3], axis=1)
    found = world_depths(photographs, cameras, 1, np.float32(depths)[None])
    assert np.allclose(found[0], np.linalg.norm(POINTS - eye, axis=1), rtol=1e-5)


def test_distances_in_world_units_where_the_field_is_ndc(forward):
    cameras = field_cameras(forward, Flight(world_of(forward, 1), np.array([40.0])), 16, 16)
    # Points of the world on the rays of two pixels, and where they are in the field.
    eye = world_of(forward, 1)[0]
    local = np.array(
        [[(4.5 - 8) / cameras.intrinsics[0, 0], (8 - 2.5) / cameras.intrinsics[0, 1], -1.0]]
    )
    points = eye[:, 3] + 3.5 * (local @ eye[:, :3].T)
    shared = forward.transform.points(points)
    rays_o, rays_d = cameras.generate_rays([0], [4], [2])
    t = np.linalg.norm(cameras.space.points(shared) - rays_o, axis=1)
    depths = np.zeros((16, 16), np.float32)
    depths[2, 4] = t[0]
    found = world_depths(forward, cameras, 0, depths)
    assert found[2, 4] == pytest.approx(np.linalg.norm(points - eye[:, 3]), rel=1e-3)
    assert (found.sum() - found[2, 4]) == 0


def test_a_path_file_is_in_world_units(photographs, tmp_path):
    pose = world_of(photographs, 3)
    save_path(tmp_path / "one.json", CameraPath(pose, [50.0], [0.0], fps=5, size=(24, 12)))
    found = reel(photographs, str(tmp_path / "one.json"))
    assert len(found.shots) == 1 and found.fps == 5
    shot = found.shots[0]
    assert (shot.width, shot.height) == (24, 12)
    rays = shot.rows(0, 12)
    assert np.allclose(rays.rays_o.numpy(), photographs.cameras.c2w[3, :, 3], atol=1e-6)
    # Flags overrule the file: size, field of view, frames and their rate.
    more = {"size": (8, 6), "fov": 90.0, "n_frames": 3, "fps": 2.0}
    other = reel(photographs, str(tmp_path / "one.json"), **more)
    assert (len(other.shots), other.fps, other.shots[0].width) == (3, 2.0, 8)
    assert other.flight.fov.tolist() == [90.0] * 3


def test_instant_ngp_with_the_numbers_of_the_scene_file(photographs, tmp_path):
    scene = tmp_path / "scene/transforms.json"
    text = scene.read_text()
    scene.write_text('{"scale": 1.0, "offset": [0, 0, 0], ' + text[1:])
    key = '{"path": [{"R": [1, 0, 0, 0], "T": [1.0, 2.0, 3.0], "fov": 40}]}'
    (tmp_path / "base_cam.json").write_text(key)
    found = reel(photographs, str(tmp_path / "base_cam.json"), root=str(tmp_path / "scene"))
    assert np.allclose(found.flight.c2w[0, :, 3], [3, 1, 2])


def test_how_many_frames(photographs, tmp_path):
    assert len(reel(photographs).shots) == 6  # as the config says
    assert len(reel(photographs, "interpolate", seconds=2.0).shots) == 20
    pose = np.repeat(world_of(photographs, 0), 2, axis=0)
    save_path(tmp_path / "two.json", CameraPath(pose, [50.0, 50.0], [0.0, 1.5]))
    assert len(reel(photographs, str(tmp_path / "two.json")).shots) == 16
    assert len(reel(photographs, str(tmp_path / "two.json"), fps=4.0).shots) == 7


def test_forward_facing_scenes(forward):
    flight = reel(forward)  # the dataset's own
    turn = reel(forward, "spiral")
    assert flight.flight is None and len(turn.shots) == 6
    ends = turn.shots[0].rows(0, 4)
    own = flight.shots[0].rows(0, 4)
    assert np.allclose(ends.rays_o.numpy(), own.rays_o.numpy(), atol=0.05)
    assert reel(forward, "interpolate", stops=4).flight is not None
    wide, narrow = (
        reel(forward, fov=fov).shots[0].rows(0, 1).rays_o.numpy() for fov in (60.0, 20.0)
    )
    assert np.ptp(wide[:, 0]) > 1.5 * np.ptp(narrow[:, 0])
    with pytest.raises(ConfigError, match="NDC, which has no far side"):
        reel(forward, "orbit")


def test_a_camera_that_looks_out_of_ndc(forward):
    turned = world_of(forward, 0).copy()
    turned[0, :, 0], turned[0, :, 2] = -turned[0, :, 0], -turned[0, :, 2]
    with pytest.raises(DataError, match="corner of frame 0 looks 1[0-9][0-9] degrees away"):
        field_cameras(forward, Flight(turned, np.array([40.0])), 16, 16)


class Pictureless(Dataset):
    """A scene that somebody measured without images."""

    def sample(self, n_rays, step):
        raise NotImplementedError


class Line(Pictureless):
    n_dims = 1


def test_scenes_without_images(tmp_path):
    scene = Pictureless([0, 0, 0, 1, 1, 1])
    everything = frozenset({"colors", "opacities", "depths"})
    check_scene(scene, everything)
    for kind in (None, "orbit", "spiral", "interpolate"):
        with pytest.raises(ConfigError, match="Pictureless has no cameras.*--path FILE.json"):
            reel(scene, kind, size=(8, 8))
    pose = np.eye(4)[None, :3]
    save_path(tmp_path / "p.json", CameraPath(pose, [50.0], [0.0]))
    with pytest.raises(ConfigError, match="give --resolution W H"):
        reel(scene, str(tmp_path / "p.json"))
    assert len(reel(scene, str(tmp_path / "p.json"), size=(8, 8)).shots) == 1
    with pytest.raises(ConfigError, match="no views of the split 'test'"):
        view_reel(scene, FilmRequest(PathRequest("views")), 10)
    with pytest.raises(ConfigError, match="gives no colors, depths"):
        check_scene(scene, frozenset({"opacities"}))
    with pytest.raises(ConfigError, match="Line has 1 dimensions: pictures are made of 2 and of 3"):
        check_scene(Line([0, 1]), everything)
