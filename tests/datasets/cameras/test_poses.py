"""Poses as files give them: scaled and rounded rotations are mended, with a warning; everything else is an error."""

import warnings

import numpy as np
import pytest
from captures import facing_poses, make_llff, make_nsvf
from photographs import edit, load, make_photographs
from scenes import make_tiny_blender, ring_poses

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.cameras.poses import mended_poses, pose_rows
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.errors import DataError

POSES = ring_poses(5)[:, :3]
NAMES = [f"frame {i}" for i in range(5)]


def scaled(poses, factor):
    return np.concatenate([poses[..., :3] * factor, poses[..., 3:]], axis=-1)


@pytest.mark.parametrize("factor", [0.003, 1.5, 4000.0])
def test_scaled_rotations_become_the_nearest_and_positions_stay(factor):
    with pytest.warns(UserWarning, match=f"rotation times {factor:g}, to within .* for 5 of the 5"):
        found = mended_poses(scaled(POSES, factor), NAMES)
    np.testing.assert_allclose(found, POSES, atol=1e-12)
    assert (found[:, :, 3] == POSES[:, :, 3]).all()


@pytest.mark.parametrize("decimals", [1, 2])
def test_rounded_rotations_become_the_nearest(decimals):
    with pytest.warns(UserWarning, match="frame .: the 3x3 part of the pose is a rotation times"):
        found = mended_poses(np.round(POSES, decimals), NAMES)
    np.testing.assert_allclose(found[:, :, :3], POSES[:, :, :3], atol=0.7 * 10.0**-decimals)
    inner = found[:, :, :3].transpose(0, 2, 1) @ found[:, :, :3]
    np.testing.assert_allclose(inner, np.tile(np.eye(3), (5, 1, 1)), atol=2e-3)


def test_one_of_many_is_mended_and_the_others_keep_their_bits():
    given = POSES.astype(np.float32).astype(np.float64)
    given[3] = scaled(given[3], 2.0)
    with pytest.warns(UserWarning, match="frame 3: .* rotation times 2, .* for 1 of the 5"):
        found = mended_poses(given, NAMES)
    assert (found[[0, 1, 2, 4]] == given[[0, 1, 2, 4]]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (mended_poses(found, NAMES) == found).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (np.diag([1.5, 1.5, -1.5]), "frame 2: .* mirrors"),
        (np.diag([1.0, 1.0, 1.5]), "frame 2: .* no rotation: columns of length"),
        (np.array([[1, 0.3, 0], [0, 1, 0], [0, 0, 1.0]]), "frame 2: .* no rotation"),
        (np.diag([1.0, 1.0, 0.0]), "frame 2: .* singular"),
        (np.diag([1.0, 1.0, np.inf]), "frame 2: .* NaN or infinity"),
    ],
)
def test_what_is_no_rotation_stays_an_error(change, message):
    given = POSES.copy()
    given[2, :, :3] = given[2, :, :3] @ np.where(np.isinf(change), np.nan, change)
    with pytest.raises(DataError, match=message):
        mended_poses(given, NAMES)


def test_matrices_written_column_by_column_are_named():
    matrix = ring_poses(1)[0]
    assert (pose_rows(matrix, "x") == matrix[:3]).all()
    assert (pose_rows(matrix[:3], "x") == matrix[:3]).all()
    with pytest.raises(DataError, match="file: the pose is written column by column"):
        pose_rows(matrix.T, "file")


def make_transforms(tmp_path, change):
    def edited(data):
        for frame in data["frames"]:
            frame["transform_matrix"] = change(np.array(frame["transform_matrix"])).tolist()

    scene = make_photographs(tmp_path / "scene")
    edit(scene, edited)
    return load(scene)


def make_blender(tmp_path, change):
    scene = make_tiny_blender(tmp_path / "scene")

    def edited(data):
        for frame in data["frames"]:
            frame["transform_matrix"] = change(np.array(frame["transform_matrix"])).tolist()

    edit(scene, edited, "transforms_train.json")
    return BlenderDataset(str(scene))


def make_text(tmp_path, change):
    scene = make_nsvf(tmp_path / "scene")
    for path in (scene / "pose").iterdir():
        np.savetxt(path, change(np.loadtxt(path)))
    return NSVFDataset(str(scene))


def make_table(tmp_path, change):
    scene = make_llff(tmp_path / "scene", facing_poses(9))
    table = np.load(scene / "poses_bounds.npy")
    for row in table:
        matrix = row[:15].reshape(3, 5)
        matrix[:, :4] = change(matrix[:, :4])
    np.save(scene / "poses_bounds.npy", table)
    return LLFFDataset(str(scene), downscale=2)


@pytest.mark.parametrize("make", [make_transforms, make_blender, make_text, make_table])
def test_every_format_mends_them(tmp_path, make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = make(tmp_path / "right", lambda matrix: matrix)
    with pytest.warns(UserWarning, match=r"rotation times 1\.5, to within"):
        found = make(
            tmp_path / "scaled",
            lambda m: np.concatenate(
                [m[:, :3] * ([[1.5]] * 3 + [[1]] * (len(m) - 3)), m[:, 3:]], 1
            ),
        )
    np.testing.assert_allclose(found.cameras.c2w, right.cameras.c2w, atol=1e-6)
