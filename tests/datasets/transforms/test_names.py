"""transforms.json scenes whose names and numbers were written elsewhere."""

import warnings

import numpy as np
import pytest
from photographs import FOCAL, SIZE, edit, load, make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.errors import DataError


@pytest.fixture
def scene(tmp_path):
    return make_photographs(tmp_path / "photos")


def rename(scene, change, key="file_path", file="transforms.json"):
    def edited(data):
        for frame in data["frames"]:
            frame[key] = change(frame["file_path"])

    edit(scene, edited, file)


@pytest.mark.parametrize(
    "change",
    [
        lambda name: "/home/someone/capture/" + name,
        lambda name: "C:\\Users\\someone\\capture\\" + name.replace("/", "\\"),
        lambda name: "../capture/" + name,
        lambda name: name.upper(),
        lambda name: name.replace(".png", ".jpg"),
    ],
)
def test_images_named_elsewhere_are_found(scene, change):
    right = load(scene)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pixels = right.images.pixels.copy()
    rename(scene, change)
    with pytest.warns(UserWarning, match="transforms.json: 9 of 9 files .*0000.png") as caught:
        found = load(scene)
    assert len(caught) == 1
    assert found.cameras.names == right.cameras.names
    assert (found.images.pixels == pixels).all()
    assert (found.cameras.c2w == right.cameras.c2w).all()


def test_lists_of_splits_and_masks_from_elsewhere(scene):
    lists = {
        "train_filenames": ["/x/images/0001.png", "/x/images/0004.png"],
        "val_filenames": ["images/0002.png"],
    }
    edit(scene, lambda d: d.update(lists))
    with pytest.warns(UserWarning, match="2 of 2 files"):
        assert load(scene).cameras.names == ("0001", "0004")
    edit(scene, lambda d: [d.pop(key) for key in lists])
    for i in range(9):
        (scene / "kept").mkdir(exist_ok=True)
        (scene / "kept" / f"{i:04d}.png").write_bytes(
            (scene / "images" / f"{i:04d}.png").read_bytes()
        )
    rename(scene, lambda name: "D:\\masks\\" + name.replace("images/", "kept\\"), "mask_path")
    with pytest.warns(UserWarning, match="7 of 7 files .* is .*kept/0001.png"):
        assert load(scene).images.kept is not None


def test_a_mask_that_is_gone_is_not_taken_for_its_image(scene):
    rename(scene, lambda name: "masks/" + name, "mask_path")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match="7 of the masks .* should be .*masks/images/0001"):
            load(scene)


def test_absolute_names_with_equal_ends_make_names_for_files(scene):
    for i, frame in enumerate(("cam0", "cam1")):
        (scene / frame).mkdir()
        (scene / frame / "a.png").write_bytes((scene / "images" / f"000{i}.png").read_bytes())
    edit(scene, lambda d: d.update(frames=d["frames"][:2]))
    edit(scene, lambda d: d["frames"][0].update(file_path="/x/y/cam0/a.png"))
    edit(scene, lambda d: d["frames"][1].update(file_path="/x/y/cam1/a.png"))
    with pytest.warns(UserWarning, match="2 of 2"):
        assert load(scene, holdout=0).cameras.names == ("cam0_a", "cam1_a")


def test_blender_scenes_of_elsewhere(tmp_path):
    scene = make_tiny_blender(tmp_path / "ball")
    rename(
        scene,
        lambda name: "E:\\render\\ball\\" + name[2:].replace("/", "\\"),
        file="transforms_train.json",
    )
    with pytest.warns(UserWarning, match="transforms_train.json: 4 of 4 files"):
        assert BlenderDataset(str(scene)).cameras.names == ("r_0", "r_1", "r_2", "r_3")


ANGLE = 2 * np.arctan(0.5 * SIZE / FOCAL)


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        ({"fl_x": 99.0, "fl_y": 88.0}, {"camera_angle_x": ANGLE}),
        ({"fl_x": 99.0, "fl_y": 88.0}, {"x_fov": np.degrees(ANGLE)}),
        ({"camera_angle_x": 1.5, "camera_angle_y": 1.0}, {"fl_x": FOCAL}),
        ({"camera_angle_x": 1.5, "x_fov": 99.0}, {"fl_y": FOCAL}),
    ],
)
@pytest.mark.parametrize("blender", [False, True])
def test_the_frames_own_focal_length_comes_first(tmp_path, shared, own, blender):
    scene = make_tiny_blender(tmp_path / "b") if blender else make_photographs(tmp_path / "p")
    file = "transforms_train.json" if blender else "transforms.json"
    for key in ("fl_x", "fl_y", "camera_angle_x"):
        edit(scene, lambda d, key=key: d.pop(key, None), file)
    edit(scene, lambda d: d.update(shared), file)
    edit(scene, lambda d: [frame.update(own) for frame in d["frames"]], file)
    dataset = BlenderDataset(str(scene)) if blender else load(scene)
    np.testing.assert_allclose(dataset.cameras.intrinsics[:, :2], FOCAL, rtol=1e-5)


def test_the_frames_own_lens_comes_first(scene):
    edit(scene, lambda d: d.update(is_fisheye=True))
    edit(scene, lambda d: [frame.update(camera_model="OPENCV") for frame in d["frames"]])
    assert type(load(scene).cameras.lens).__name__ == "Pinhole"
    edit(scene, lambda d: d["frames"][1].pop("camera_model"))
    assert load(scene).cameras.lens.describe(0).startswith("FisheyeLens")
