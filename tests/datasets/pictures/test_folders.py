"""Folders of another case, as scenes have them that were made where case does not matter."""

import warnings

import cv2
import numpy as np
import pytest
from captures import facing_poses, make_llff, make_neus, make_nsvf
from colmap_scenes import write_scene
from photographs import load, make_photographs

from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.pictures.image_folder import find_folder


def masked(scene, names):
    """Adds a mask for each image."""
    (scene / "masks").mkdir()
    for name in names:
        cv2.imwrite(str(scene / "masks" / name), np.eye(16, dtype=np.uint8) * 255)
    return scene


SCENES = {
    "colmap": (
        lambda path: masked(write_scene(path), [f"view_{i}.png" for i in range(9)]),
        lambda path: COLMAPDataset(str(path)),
        ["images", "masks"],
    ),
    "transforms": (
        lambda path: masked(make_photographs(path), [f"{i:04d}.png" for i in range(9)]),
        lambda path: load(path),
        ["images", "masks"],
    ),
    "nsvf": (make_nsvf, lambda path: NSVFDataset(str(path)), ["rgb", "pose"]),
    "neus": (make_neus, lambda path: DTUDataset(str(path)), ["image", "mask"]),
    "llff": (
        lambda path: make_llff(path, facing_poses(9)),
        lambda path: LLFFDataset(str(path), downscale=2),
        ["images_2"],
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_another_case(tmp_path, name):
    make, read, folders = SCENES[name]
    scene = make(tmp_path / "scene")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = read(scene)
        right.images.pixels  # noqa: B018
        counts = right.images.kept and right.images.kept.counts.tolist()
    for folder in folders:
        (scene / folder).rename(scene / folder.capitalize())
    with pytest.warns(UserWarning, match="taken for the folder|found by the end of the name"):
        found = read(scene)
    assert (found.images.pixels == right.images.pixels).all()
    assert (found.images.kept and found.images.kept.counts.tolist()) == counts
    assert (found.cameras.c2w == right.cameras.c2w).all()


def test_two_cases_are_one_too_many(tmp_path):
    for name in ("Images", "IMAGES"):
        (tmp_path / name).mkdir()
    assert find_folder(tmp_path, "images") is None
    (tmp_path / "images").mkdir()
    assert find_folder(tmp_path, "other", "images") == tmp_path / "images"
    assert find_folder(tmp_path / "nowhere", "images") is None
