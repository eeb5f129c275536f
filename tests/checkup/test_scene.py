"""The doctor on scenes that are wrong on purpose: each fault is found with its remedy; good scenes are let alone."""

from __future__ import annotations

import re

import faulty_scenes as faulty
import numpy as np
import pytest
from captures import facing_poses, make_llff, make_nsvf

from jnerf.checkup.scene.formats import guess_format
from jnerf.checkup.scene.look import findings
from jnerf.checkup.scene.place import check_box, check_scale
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.errors import DataError

OPENCV = np.diag([1.0, -1, -1, 1])


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """A folder with views of the embedded scene, and their true poses."""
    poses = faulty.embedded_poses()
    folder = tmp_path_factory.mktemp("views")
    faulty.draw_views(folder, poses)
    return folder, poses


def look(folder, poses, **keys) -> dict:
    """What the doctor says of the views with these poses, by the name of the finding."""
    faulty.write_transforms(folder, poses, **keys)
    return {found.name: found for found in findings(str(folder), folder / "cameras.png")}


def faults(found) -> dict:
    return {name: finding for name, finding in found.items() if finding.status != "OK"}


def test_a_good_scene(views):
    folder, poses = views
    assert faults(look(folder, poses)) == {}
    assert (folder / "cameras.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        (lambda p: p @ OPENCV, "OpenCV's axes .*negate the second and third column"),
        (np.linalg.inv, "world-to-camera .*invert each 4x4 matrix"),
        (lambda p: np.linalg.inv(p @ OPENCV), "world-to-camera .*they have OpenCV's axes"),
    ],
)
def test_poses_of_another_convention(views, wrong, remedy):
    folder, poses = views
    found = look(folder, wrong(poses))["poses"]
    assert found.status == "FAIL"
    assert re.search(remedy, found.mend)


def test_poses_that_belong_to_other_images(views):
    folder, poses = views
    found = look(folder, poses[::-1])["poses"]
    assert found.status == "FAIL" and "images and poses are mixed up" in found.mend


def test_millimetres(views):
    folder, poses = views
    poses = poses.copy()
    poses[:, :3, 3] *= 1000
    found = look(folder, poses)
    assert (
        found["open"].status == "FAIL"
        and "field units from the field's box" in found["open"].detail
    )
    assert found["scale"].status == "FAIL" and "dataset.scale by about 0.001" in found["scale"].mend
    assert found["poses"].status == "OK"  # which the scale has nothing to do with


def test_a_tiny_scene(views):
    folder, poses = views
    poses = poses.copy()
    poses[:, :3, 3] *= 0.02
    found = faults(look(folder, poses))
    assert set(found) == {"scale"} and "tiny in the box" in found["scale"].mend


def test_a_box_too_small(views):
    folder, poses = views
    found = faults(look(folder, poses, aabb_scale=0.25))
    assert set(found) == {"box"} and "dataset.aabb_scale=1 " in found["box"].mend


@pytest.mark.parametrize(("factor", "remedy"), [(1.5, 0.667), (0.7, 1.43)])
def test_a_wrong_focal_length(views, factor, remedy):
    folder, poses = views
    focal = factor * faulty.FOCAL
    found = look(folder, poses, fl_x=focal, fl_y=focal)["focal"]
    assert found.status == "warn"
    said = float(re.search(r"to be (\S+) times as long", found.mend)[1])
    assert said == pytest.approx(remedy, rel=0.08)


def test_missing_distortion(tmp_path):
    poses, focal = faulty.embedded_poses(2.6), 0.7 * faulty.FOCAL
    faulty.draw_views(tmp_path, poses, focal, bend=0.2)
    about = {"fl_x": focal, "fl_y": focal}
    found = faults(look(tmp_path, poses, **about))
    assert set(found) == {"lens"} and "the lens bends: with k1 = 0." in found["lens"].mend
    assert faults(look(tmp_path, poses, **about, k1=0.2)) == {}


@pytest.mark.parametrize(
    "scene", ["nerf_synthetic/lego", "nerf_llff_data/fern", "garden", "dtu/scan24", "fox"]
)
def test_no_false_alarm(scene, data_root, tmp_path):
    if not (data_root / scene).is_dir():
        pytest.skip(f"no scene {data_root / scene}")
    found = faults({f.name: f for f in findings(str(data_root / scene), tmp_path / "c.png")})
    assert set(found) <= {"file"}  # of fox, not all images are handed out


def test_no_false_alarm_on_the_embedded_scene(tmp_path):
    assert faults({f.name: f for f in findings("embedded", tmp_path / "c.png")}) == {}


def test_remedies_are_settings_that_the_format_has(tmp_path):
    """NSVF's box is in world units; LLFF's bounds say how large the scene is."""
    spread = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    nsvf = NSVFDataset(str(make_nsvf(tmp_path / "nsvf")))  # its box: -1.1 to 1.1
    tiny = check_scale(nsvf, 0.5 + 0.035 * spread)
    assert re.search(r"tiny .* dataset.bbox or bbox.txt about 0.084 times as long", tiny.mend)
    box = check_box(nsvf, 0.5 + 0.9 * spread, True)
    assert box.mend.startswith("dataset.bbox=[-2.2,-2.2,-2.2,2.2,2.2,2.2] holds 90%")
    llff = make_llff(tmp_path / "llff", facing_poses(9))
    llff = LLFFDataset(str(llff), space="bounded", downscale=2)
    tiny = check_scale(llff, 0.5 + 0.035 * spread)
    assert "bound_factor" not in tiny.mend and "the bounds in poses_bounds.npy" in tiny.mend


def test_formats_are_told_by_files(tmp_path):
    with pytest.raises(DataError, match="is no scene of a known format .*'jnerf process'"):
        guess_format(str(tmp_path))
    for mark, kind in [
        ("cameras.npz", "DTUDataset"),
        ("poses_bounds.npy", "LLFFDataset"),
        ("transforms.json", "TransformsDataset"),
    ]:
        (tmp_path / mark).touch()
        assert guess_format(str(tmp_path)) == kind
    (tmp_path / "sparse").mkdir()
    assert guess_format(str(tmp_path)) == "COLMAPDataset"
    assert guess_format("embedded") == "ProceduralDataset"
    with pytest.raises(DataError, match="no scene at"):
        guess_format(str(tmp_path / "none"))
