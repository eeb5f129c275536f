"""What datasets say of themselves: how much is used, and what is left out and why."""

import json

import cv2
import numpy as np
import pytest
from captures import SIZE, facing_poses, make_llff, make_neus, make_nsvf
from colmap_scenes import tiny_model, write_model, write_scene
from photographs import edit, load, make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.blender.multiscale import MultiscaleBlenderDataset
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.procedural.dataset import ProceduralDataset

AREA = SIZE * SIZE


def said(dataset):
    summary = dataset.summary()
    assert json.loads(json.dumps(summary)) == summary  # plain numbers and words, for run.json
    return summary


def test_blender(tmp_path):
    scene = str(make_tiny_blender(tmp_path / "ball", n=4))
    whole = {"n_images": 4, "resolution": "16x16", "n_cameras": 1, "n_pixels": 4 * AREA}
    assert said(BlenderDataset(scene)) == whole | {"source": "transforms_train.json"}
    assert said(BlenderDataset(scene, max_images=3))["dropped"] == {"beyond max_images": 1}
    (tmp_path / "ball" / "transforms_test.json").unlink()
    assert said(BlenderDataset(scene, split="test"))["source"] == "transforms_val.json"
    several = said(MultiscaleBlenderDataset(scene, scales=(1, 2)))
    assert several["n_images"] == 8 and several["n_cameras"] == 2
    assert several["resolution"] == "8x8 to 16x16" and several["n_pixels"] == 5 * AREA


def test_transforms(tmp_path):
    scene = make_photographs(tmp_path / "photos", n=9)
    (scene / "images" / "0004.png").unlink()
    (scene / "masks").mkdir()
    half = np.zeros((SIZE, SIZE), np.uint8)
    half[: SIZE // 2] = 255
    for i in (1, 2):
        cv2.imwrite(str(scene / "masks" / f"{i:04d}.png"), half)
    edit(scene, lambda d: d["frames"][2].update(fl_x=30.0))
    with pytest.warns(UserWarning, match="left out"):
        dataset = load(scene, missing="drop")
    assert said(dataset) == {
        "n_images": 7,
        "resolution": "16x16",
        "n_cameras": 2,
        "n_pixels": 6 * AREA,
        "source": "transforms.json",
        "n_masks": 2,
        "dropped": {"missing": 1, "in other splits": 1, "masked pixels": AREA},
    }


def test_colmap(tmp_path):
    scene = write_scene(tmp_path, tiny_model(9, SIZE))
    write_model(scene / "sparse" / "1", tiny_model(12, SIZE), ".txt")
    for name in ("extra_0.png", "extra_1.JPG"):
        (scene / "images" / name).write_bytes((scene / "images" / "view_0.png").read_bytes())
    with pytest.warns(UserWarning, match="2 models|3 of 12 images are missing"):
        summary = said(COLMAPDataset(str(scene), missing="drop"))
    assert summary["source"] == "sparse/1" and summary["n_images"] == 7
    assert summary["dropped"] == {"missing": 3, "in other splits": 2, "not in the model": 2}


def test_captures_and_scans(tmp_path):
    llff = make_llff(tmp_path / "llff", facing_poses(9))
    np.save(llff / "poses_bounds.npy", np.load(llff / "poses_bounds.npy")[:8])
    (llff / "view_imgs.txt").write_text("\n".join(f"v{i:02d}.png" for i in range(8)))
    summary = said(LLFFDataset(str(llff), downscale=2))
    assert summary["dropped"] == {"in other splits": 1, "without a pose": 1}
    summary = said(DTUDataset(str(make_neus(tmp_path / "neus"))))
    assert summary["n_masks"] == 7 and summary["dropped"] == {"in other splits": 2}
    nsvf = NSVFDataset(str(make_nsvf(tmp_path / "nsvf", prefixes="01")), split="test")
    assert said(nsvf)["source"] == "rgb/1_*" and said(nsvf)["dropped"] == {"in other splits": 3}


def test_drawn_scenes():
    summary = said(ProceduralDataset(n_train=3, resolution=32))
    assert summary["n_images"] == 3 and summary["n_pixels"] == 3 * 32 * 32
