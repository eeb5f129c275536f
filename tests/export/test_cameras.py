"""Cameras written as transforms.json are read back as they were."""

import json

import numpy as np
import pytest
import trimesh

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import lens_of
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.errors import ConfigError
from jnerf.export.cameras import dumps, transforms
from jnerf.export.frusta import frusta
from jnerf.export.pictures import picture_files


def export(splits, folder):
    pictures = picture_files(splits, folder / "images", force=False, progress=False)
    path = folder / "transforms.json"
    path.write_text(dumps(transforms(splits, pictures, folder)))
    return path


def test_there_and_back(tmp_path):
    splits = {
        split: ProceduralDataset(split=split, n_train=4, n_test=2, resolution=24)
        for split in ("train", "test")
    }
    path = export(splits, tmp_path)
    for split, scene in splits.items():
        found = TransformsDataset(root=str(path), split=split)
        np.testing.assert_allclose(found.cameras.c2w, scene.cameras.c2w, atol=1e-6)
        np.testing.assert_allclose(found.cameras.intrinsics, scene.cameras.intrinsics, rtol=1e-6)
        np.testing.assert_array_equal(found.cameras.sizes, scene.cameras.sizes)
        np.testing.assert_allclose(found.transform.matrix(), scene.transform.matrix())
        np.testing.assert_allclose(found.facts()["aabb"], scene.facts()["aabb"])
        np.testing.assert_array_equal(found.images.image(1), scene.images.image(1))


@pytest.mark.parametrize("copies", [False, True])
def test_intrinsics_are_those_of_the_stored_pictures(tmp_path, copies):
    splits = {
        split: ProceduralDataset(split=split, n_train=4, n_test=2, resolution=24)
        for split in ("train", "test")
    }
    path = export(splits, tmp_path / "whole")
    small = {s: TransformsDataset(root=str(path), split=s, downscale=2.5) for s in splits}
    assert small["train"].cameras.sizes[0].tolist() == [10, 10]
    pictures = picture_files(small, tmp_path / "copies" if copies else None, False, False)
    found = transforms(small, pictures, tmp_path)
    size = 10 if copies else 24
    fx, fy, cx, cy = splits["train"].cameras.intrinsics[0] * size / 24
    wanted = {"w": size, "h": size, "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy}
    assert {key: found[key] for key in wanted} == pytest.approx(wanted, rel=1e-6)
    if not copies:
        whole = json.loads(path.read_text())
        assert [f["file_path"] for f in found["frames"]] == [
            f"whole/{f['file_path']}" for f in whole["frames"]
        ]


def bent(kinds, coefficients, rotation=None):
    """A scene of photographs with these lenses, whose field is turned against the world."""
    scene = ProceduralDataset(n_train=len(kinds), resolution=24)
    cameras = scene.cameras
    scene.cameras = Cameras(
        cameras.c2w, cameras.intrinsics, cameras.sizes, lens_of(kinds, coefficients), cameras.names
    )
    if rotation is not None:
        scene.transform = Similarity(0.33, rotation, (0.5, 0.5, 0.5))
    return scene


def test_lenses_are_kept(tmp_path):
    opencv, fisheye = [0.1, -0.02, 0.0, 0.0, 1e-3, -2e-3], [0.02, 1e-3, 0.0, 0.0]
    scene = bent(["opencv", "pinhole", "fisheye"], [opencv, [], fisheye])
    path = export({"train": scene}, tmp_path)
    found = TransformsDataset(root=str(path), split="train", holdout=0)
    index, y, x = np.mgrid[0:3, 0:24:5, 0:24:5].reshape(3, -1)
    for mine, theirs in zip(
        scene.cameras.generate_rays(index, x, y),
        found.cameras.generate_rays(index, x, y),
        strict=True,
    ):
        np.testing.assert_allclose(theirs, mine, atol=1e-5)


def test_a_turned_field_has_no_placement_and_its_world_is_kept(tmp_path):
    turned = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    scene = bent(["pinhole"] * 2, [[], []], turned)
    values = json.loads(export({"train": scene}, tmp_path).read_text())
    assert "scale" not in values and "offset" not in values and values["aabb_scale"] == 1
    pose = np.array(values["frames"][0]["transform_matrix"])
    np.testing.assert_allclose(
        pose[:3], scene.transform.inverse().poses(scene.cameras.c2w[0]), atol=1e-6
    )


def test_what_the_format_cannot_say(tmp_path):
    scene = bent(["rational"] * 2, [[0.1] * 8] * 2)
    with pytest.raises(ConfigError, match="cannot describe a RationalLens.*undistort"):
        export({"train": scene}, tmp_path)
    with pytest.raises(ConfigError, match="say --images"):
        picture_files({"train": scene}, None, force=False)
    with pytest.raises(ConfigError, match="is there already: say --force"):
        picture_files({"train": scene}, tmp_path / "images", force=False)


def test_pyramids_stand_where_the_cameras_are():
    scene = ProceduralDataset(n_train=3, resolution=24)
    mesh = frusta({"train": scene.cameras}, scene.transform.inverse(), 0.5)
    assert isinstance(mesh, trimesh.Trimesh) and len(mesh.vertices) == 18
    poses = scene.transform.inverse().poses(scene.cameras.c2w)
    np.testing.assert_allclose(mesh.vertices[::6], poses[:, :, 3], atol=1e-5)
    middles = mesh.vertices.reshape(3, 6, 3)[:, 1:5].mean(axis=1)
    ahead = (middles - poses[:, :, 3]) / np.linalg.norm(middles - poses[:, :, 3], axis=1)[:, None]
    np.testing.assert_allclose(ahead, -poses[:, :, 2], atol=0.02)
    marks = mesh.vertices.reshape(3, 6, 3)[:, 5] - middles
    assert ((marks * poses[:, :, 1]).sum(axis=1) > 0.2).all()
