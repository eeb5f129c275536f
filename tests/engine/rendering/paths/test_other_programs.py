"""Camera paths of instant-ngp and nerfstudio put a known camera to the right place.

The files are written here by hand, from what the programs do to a scene: numbers worked out on paper, no code of ours.
"""

import json

import numpy as np
import pytest

from jnerf.engine.rendering.paths.files import load_path
from jnerf.engine.rendering.paths.placement import Elsewhere
from jnerf.errors import DataError

# A camera at (3, 1, 2) of the world that looks along -x with z up: columns right (+y), up (+z), back (+x).
WORLD = np.array([[0.0, 0, 1, 3], [1, 0, 0, 1], [0, 1, 0, 2]])


def write(file, data):
    file.write_text(json.dumps(data))
    return file


def test_instant_ngp(tmp_path):
    # Its space: x y z of it are y z x of the world, times 0.33, plus 0.5. So the camera is at
    # (1, 2, 3) * 0.33 + 0.5, right (+y) is its +x, down (-z) its -y, forwards (-x) its -z:
    # columns (1,0,0), (0,-1,0), (0,0,-1), half a turn about x: the quaternion (1, 0, 0, 0).
    key = {"R": [1.0, 0, 0, 0], "T": [0.83, 1.16, 1.49], "fov": 40.0, "scale": 1.5, "slice": 0.0}
    key |= {"aperture_size": 0.0, "glow_mode": 0, "glow_y_cutoff": 0.0}
    file = write(tmp_path / "base_cam.json", {"path": [key, {**key, "fov": 50.625}], "time": 0.5})
    path = load_path(file)
    assert np.allclose(path.c2w[0], WORLD)
    assert path.fov.tolist() == [40.0, 50.625] and not path.loop


def test_instant_ngp_with_the_scale_and_offset_of_the_scene(tmp_path):
    scene = write(tmp_path / "transforms.json", {"scale": 0.5, "offset": [0.1, 0.2, 0.3]})
    # World (3, 1, 2) * 0.5 + (0.1, 0.2, 0.3) = (1.6, 0.7, 1.3), cycled (0.7, 1.3, 1.6).
    key = {"R": [1.0, 0, 0, 0], "T": [0.7, 1.3, 1.6], "fov": 40.0}
    file = write(tmp_path / "base_cam.json", {"path": [key], "time": 0, "loop": True})
    path = load_path(file, Elsewhere.of_scene(scene))
    assert np.allclose(path.c2w[0], WORLD) and path.loop


def nerfstudio_file(folder, matrix):
    frames = [{"camera_to_world": matrix, "fov": 50, "aspect": 1.5} for _ in range(3)]
    return write(
        folder / "camera_path.json",
        {
            "camera_type": "perspective",
            "render_height": 480,
            "render_width": 720,
            "fps": 12,
            "seconds": 0.25,
            "camera_path": frames,
            "keyframes": [],
            "is_cycle": False,
        },
    )


# nerfstudio turned the world a quarter about z ((x, y, z) -> (-y, x, z)), shifted it by (1, 0, -1) and halved it. The
# camera stands at 0.5 * (-1 + 1, 3, 2 - 1) = (0, 1.5, 0.5); right +y became -x, up stays z, back +x became +y.
TRAINED = [-1.0, 0, 0, 0, 0, 0, 1, 1.5, 0, 1, 0, 0.5, 0, 0, 0, 1]
PLACED = {"transform": [[0.0, -1, 0, 1], [1, 0, 0, 0], [0, 0, 1, -1]], "scale": 0.5}


def test_nerfstudio(tmp_path):
    write(tmp_path / "dataparser_transforms.json", PLACED)
    path = load_path(nerfstudio_file(tmp_path, TRAINED))
    assert np.allclose(path.c2w[0], WORLD)
    assert (path.fps, path.size, path.fov[0], path.n_frames(12)) == (12, (720, 480), 50, 3)


def test_nerfstudio_of_a_scene_that_was_moved_before(tmp_path):
    # The scene file's poses were lifted by 5 along z ("applied_transform"); nerfstudio's file leads from before that,
    # where the same camera stood at z = -3: its shift is therefore (1, 0, 4).
    scene = {"applied_transform": [[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 5]]}
    placed = {"transform": [[0.0, -1, 0, 1], [1, 0, 0, 0], [0, 0, 1, 4]], "scale": 0.5}
    other = write(tmp_path / "placed.json", placed)
    elsewhere = Elsewhere.of_scene(write(tmp_path / "transforms.json", scene), nerfstudio=other)
    assert np.allclose(load_path(nerfstudio_file(tmp_path, TRAINED), elsewhere).c2w[0], WORLD)


def test_nerfstudio_that_left_the_scene_where_it_was(tmp_path):
    file = nerfstudio_file(tmp_path, [*WORLD.reshape(-1).tolist(), 0, 0, 0, 1])
    with pytest.raises(DataError, match="--placement FILE"):
        load_path(file)
    assert np.allclose(load_path(file, Elsewhere(in_world=True)).c2w[0], WORLD)


@pytest.mark.parametrize(
    "data, said",
    [
        ({"path": [{"R": [1, 1, 0, 0], "T": [0, 0, 0]}]}, r"path\[0\]: 'R' must be a unit quaternion"),
        ({"path": [{"R": [1, 0, 0], "T": [0, 0, 0]}]}, r"path\[0\]: 'R' must be 4 numbers"),
        ({"path": []}, "'path' must be a list that is not empty"),
        ({"camera_path": [], "camera_type": "fisheye"}, "only 'perspective'"),
        ({"camera_path": [{"camera_to_world": [1.0] * 15}]}, "'camera_to_world' must be 16 or 4x4"),
    ],
)  # fmt: skip
def test_broken_files_are_named(tmp_path, data, said):
    with pytest.raises(DataError, match=said):
        load_path(write(tmp_path / "path.json", data), Elsewhere(in_world=True))


def test_a_placement_that_mirrors(tmp_path):
    mirror = {"transform": [[-1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], "scale": 1}
    write(tmp_path / "dataparser_transforms.json", mirror)
    with pytest.raises(DataError, match="mirrors"):
        load_path(nerfstudio_file(tmp_path, TRAINED))
