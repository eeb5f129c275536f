"""Validation and test stand for each other; without either, the error says how to train all the same."""

import pytest
from captures import make_nsvf
from photographs import edit, load, make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.blender.multiscale import MultiscaleBlenderDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.errors import DataError

WITHOUT = r"evaluation.steps=\[\] evaluation.at_end=False"


def blender(tmp_path, splits):
    scene = make_tiny_blender(tmp_path)
    for split in {"train", "val", "test"} - set(splits):
        (scene / f"transforms_{split}.json").unlink()
    return lambda split: BlenderDataset(str(scene), split=split)


def several_sizes(tmp_path, splits):
    blender(tmp_path, splits)
    return lambda split: MultiscaleBlenderDataset(str(tmp_path), split=split, scales=(1, 2))


def several_files(tmp_path, splits):
    blender(tmp_path, splits)
    return lambda split: load(tmp_path, split=split)


def nsvf(tmp_path, splits):
    numbers = {"train": "0", "val": "1", "test": "2"}
    scene = make_nsvf(tmp_path, prefixes="".join(numbers[split] for split in splits))
    return lambda split: NSVFDataset(str(scene), split=split)


def lists(tmp_path, splits):
    scene = make_photographs(tmp_path / "listed")
    numbers = {"train": 1, "val": 2, "test": 3}
    keys = {f"{split}_filenames": [f"images/{numbers[split]:04d}.png"] for split in splits}
    edit(scene, lambda d: d.update(keys))
    return lambda split: load(scene, split=split)


@pytest.mark.parametrize("make", [blender, several_sizes, several_files, nsvf, lists])
@pytest.mark.parametrize("there", ["val", "test"])
def test_stand_ins(tmp_path, make, there):
    dataset = make(tmp_path, ["train", there])
    other = "val" if there == "test" else "test"
    assert (dataset(other).cameras.c2w == dataset(there).cameras.c2w).all()


@pytest.mark.parametrize("make", [blender, several_sizes, several_files, nsvf, lists])
def test_without_either(tmp_path, make):
    dataset = make(tmp_path, ["train"])
    assert dataset("train").n_images
    for split in ("val", "test"):
        with pytest.raises(DataError, match=WITHOUT):
            dataset(split)
    dataset = make(tmp_path / "other", ["test"])
    with pytest.raises(DataError) as caught:
        dataset("train")
    assert "evaluation" not in str(caught.value)


def test_blender_names_the_other_format(tmp_path):
    scene = make_photographs(tmp_path / "photos")
    with pytest.raises(DataError, match="transforms_train.json not found. .* TransformsDataset"):
        BlenderDataset(str(scene))
