"""Numbers and cameras that stand far from all others."""

import numpy as np
import pytest
from captures import SCALE_MAT, make_neus, make_nsvf
from photographs import edit, load, make_photographs
from scenes import ring_poses

from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.placement.outliers import stray_cameras, strays
from jnerf.errors import DataError


def test_a_gap_makes_strays_and_a_tail_does_not():
    values = np.linspace(1, 3, 100)
    assert not strays(values, 0.1).any()
    assert not strays(1.5 ** np.arange(100.0), 0.1).any()  # long, but without a gap
    values[[7, 40]] = 1e3, 1e9
    assert np.flatnonzero(strays(values, 0.1)).tolist() == [7, 40]
    values[20:40] = 1e3  # too many to be faults
    assert np.flatnonzero(strays(values, 0.1)).tolist() == [40]


def test_few_values_and_values_that_are_no_numbers():
    assert not strays(np.array([1.0, 1e9, 1.0]), 0.5).any()
    assert strays(np.array([1.0, np.inf, np.nan]), 0.1).tolist() == [False, True, True]
    assert strays(np.array([]), 0.1).tolist() == []
    assert not strays(np.zeros(9), 0.1).any()


def test_cameras():
    eyes = ring_poses(20)[:, :3, 3]
    assert not stray_cameras(eyes).any()
    eyes[3] *= 1000
    assert np.flatnonzero(stray_cameras(eyes)).tolist() == [3]
    # Half a capture from far above is none of the reconstruction's faults.
    assert not stray_cameras(
        np.concatenate([ring_poses(20)[:, :3, 3], eyes[3:4].repeat(20, 0)])
    ).any()


def test_cameras_on_one_spot():
    eyes = np.tile([[1e3, 2.0, 3.0]], (9, 1))
    eyes[4] *= 1 + 1e-14
    assert not stray_cameras(eyes).any()
    assert not stray_cameras(np.zeros((9, 3))).any()
    eyes[5] *= 1e4
    assert np.flatnonzero(stray_cameras(eyes)).tolist() == [5]


def far_off(scene, factor):
    def change(data):
        for row in data["frames"][5]["transform_matrix"][:3]:
            row[3] *= factor

    edit(scene, change)


def test_automatic_placement_leaves_them_out_and_names_them(tmp_path):
    scene = make_photographs(tmp_path / "photos", n=16)
    place = {"auto_orient": True, "auto_centre": True, "auto_scale": True, "holdout": 0}
    right = load(scene, **place)
    far_off(scene, 60.0)
    with pytest.warns(
        UserWarning, match="frame 5 'images/0005.png': .* the others, all of which are within 4"
    ):
        found = load(scene, **place, far=100.0)
    others = np.arange(16) != 5
    np.testing.assert_allclose(
        found.cameras.c2w[others, :, 3], right.cameras.c2w[others, :, 3], atol=0.1
    )
    far_off(scene, 1000.0)
    with (
        pytest.warns(UserWarning, match="frame 5"),
        pytest.raises(DataError, match="frame 5 .* field units from the .* remove the image"),
    ):
        load(scene, **place)
    with pytest.raises(DataError, match="frame 5 .* remove the image"):
        load(scene)  # as the file says, without automatic placement


def test_a_scan_with_one_camera_far_off(tmp_path):
    scene = make_neus(tmp_path, n=9)
    with np.load(scene / "cameras_sphere.npz") as file:
        arrays = dict(file)
    away = np.eye(4)
    away[:3, 3] = 1e6, 0, 0
    arrays["world_mat_4"] = arrays["world_mat_4"] @ SCALE_MAT @ away @ np.linalg.inv(SCALE_MAT)
    np.savez(scene / "cameras_sphere.npz", **arrays)
    with pytest.raises(DataError, match="world_mat_4: .* field units from the .* remove the image"):
        DTUDataset(str(scene))


def test_a_text_file_with_one_camera_far_off(tmp_path):
    scene = make_nsvf(tmp_path / "scene", n=9)
    path = scene / "pose" / "0_0003.txt"
    pose = np.loadtxt(path)
    pose[:3, 3] *= 1e6
    np.savetxt(path, pose)
    with pytest.raises(DataError, match="0_0003.txt: the camera stands .* remove the image"):
        NSVFDataset(str(scene))
