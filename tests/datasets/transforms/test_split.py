"""transforms.json scenes: which frames are a split, and which are missing."""

import json
import shutil

import pytest
from photographs import edit, load, make_photographs

from jnerf.errors import DataError


@pytest.fixture
def scene(tmp_path):
    return make_photographs(tmp_path / "photos")


def names(scene, split, **arguments):
    return [int(name) for name in load(scene, split=split, **arguments).cameras.names]


def test_every_nth_image_is_held_out(scene):
    assert names(scene, "test") == names(scene, "val") == [0, 8]
    assert names(scene, "train") == [1, 2, 3, 4, 5, 6, 7]
    assert names(scene, "test", holdout=3) == [0, 3, 6]
    assert names(scene, "train", holdout=0) == names(scene, "test", holdout=0) == list(range(9))


def test_the_rule_follows_the_names_not_the_order_in_the_file(scene):
    edit(scene, lambda d: d["frames"].reverse())
    assert names(scene, "test", holdout=4) == [8, 4, 0]


def test_paths_written_on_windows(scene):
    def change(data):
        for frame in data["frames"]:
            frame["file_path"] = ".\\" + frame["file_path"].replace("/", "\\")
        data["train_filenames"] = [".\\images\\0003.png"]

    edit(scene, change)
    assert names(scene, "train") == [3]


def test_the_file_may_list_its_splits(scene):
    def change(data):
        data["train_filenames"] = [f"./images/{i:04d}.png" for i in (0, 2, 5)]
        data["val_filenames"] = ["images/0004.png"]

    edit(scene, change)
    assert names(scene, "train") == [0, 2, 5]
    assert names(scene, "val") == names(scene, "test") == [4]
    (scene / "images" / "0002.png").unlink()
    with pytest.warns(UserWarning, match="left out: 0002.png"):
        assert names(scene, "train", missing="drop") == [0, 5]


def test_the_file_may_list_images_that_no_frame_has(scene):
    lists = {"train_filenames": ["images/0001.png", "images/1.png"], "test_filenames": ["x.png"]}
    edit(scene, lambda d: d.update(lists))
    with pytest.raises(DataError, match="1 of the 2 images in 'train_filenames' .* 'images/1.png'"):
        load(scene)


def test_lists_for_validation_and_test_may_differ(scene):
    lists = {"train_filenames": ["images/0001.png"], "val_filenames": ["images/0004.png"]}
    edit(scene, lambda d: d.update(lists))
    edit(scene, lambda d: d.update(test_filenames=["images/0007.png"]))
    assert names(scene, "test") == [7] and names(scene, "val") == [4]


def test_a_file_for_each_split(scene):
    data = json.loads((scene / "transforms.json").read_text())
    for split, part in (("train", slice(0, 6)), ("val", slice(6, 9))):
        own = {**data, "frames": data["frames"][part]}
        (scene / f"transforms_{split}.json").write_text(json.dumps(own))
    edit(scene, lambda d: d.update(aabb_scale=4), "transforms_train.json")
    assert names(scene, "train") == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]  # nothing is held out, transforms.json is not read
    assert names(scene, "test") == names(scene, "val") == [6, 7, 8]
    assert load(scene, split="val").aabb[3] == 2.5  # the field is that of training


def test_root_may_be_the_file_itself(scene, monkeypatch):
    (scene / "transforms.json").rename(scene / "poses.json")
    assert names(scene / "poses.json", "test") == [0, 8]
    monkeypatch.setenv("JNERF_DATA", str(scene.parent))
    assert load("photos/poses.json").n_images == 7
    with pytest.raises(
        DataError, match="'photos/pose.json' not found: .* Did you mean 'poses.json'"
    ):
        load("photos/pose.json")
    with pytest.raises(
        DataError, match=r"no scene file for split 'train': expected transforms_train"
    ):
        load(scene)


def test_missing_images_are_reported_together_or_dropped(scene):
    for i in (2, 3, 8):
        (scene / "images" / f"{i:04d}.png").unlink()
    message = r"0002.png is missing \(3 of the 9 .*: 0002.png, 0003.png, 0008.png\)"
    with pytest.raises(DataError, match=message):
        load(scene)
    with pytest.warns(UserWarning, match="3 of the 9 images .* left out: 0002.png, 0003.png, 0008"):
        assert names(scene, "test", missing="drop", holdout=4) == [
            0,
            6,
        ]  # the 1st and 5th there are
    shutil.rmtree(scene / "images")
    with pytest.raises(DataError, match=r"\(9 of the 9 .* 0004.png, \.\.\.\)"):
        load(scene, missing="drop")


def test_too_few_images_to_hold_one_out(tmp_path):
    scene = make_photographs(tmp_path / "one", n=1)
    with pytest.raises(DataError, match="no image is left for split 'train': .*dataset.holdout"):
        load(scene)
    assert load(scene, holdout=0).n_images == 1
