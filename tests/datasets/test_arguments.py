"""Arguments that formats share: every format has them as flat keys, checked alike."""

import inspect

import pytest

from jnerf.checks.arguments import argument_problems, signature_of
from jnerf.datasets.arguments import Box, Crop, Placement, Reach
from jnerf.errors import ConfigError
from jnerf.registry import DATASETS

DATASETS.load()
FILES = ["root", "split", "seed", "downscale", "image_memory"]
CAPTURE = [*FILES, "holdout"]
PLACEMENT = ["aabb_scale", "near", "far", "scale", "offset"]
AUTO = [*PLACEMENT, "auto_orient", "auto_centre", "auto_scale", "auto_frame"]
LEARNED = ["cameras", "exposure", "disturb"]
KEYS = {
    "BlenderDataset": [*FILES, *PLACEMENT, "crop_steps", "crop_fraction", *LEARNED, "max_images"],
    "MultiscaleBlenderDataset": [*FILES, *PLACEMENT, "scales", "weighted"],
    "TransformsDataset": [
        *(*CAPTURE, "missing", "masks", *AUTO, *LEARNED, "depth", "depth_unit", "distortion"),
    ],
    "COLMAPDataset": [
        *(*CAPTURE, "missing", "masks", *AUTO, *LEARNED, "depth", "depth_share"),
        *("images", "sparse", "around"),
    ],
    "LLFFDataset": [*CAPTURE, "aabb_scale", *LEARNED, "space", "bound_factor"],
    "DTUDataset": [*CAPTURE, "aabb_scale", *LEARNED, "radius", "masks", "pixel_centre"],
    "NSVFDataset": [*FILES, "near", "far", *LEARNED, "background", "bbox"],
    "ProceduralDataset": [
        *("near", "far", *LEARNED, "split", "seed", "n_train", "n_test", "resolution", "extras"),
        "wires",
    ],
}
NUMBERS = ("scale", "aabb_scale", "near", "far", "downscale")


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_a_config_are_flat(name):
    assert list(signature_of(DATASETS.get(name)).parameters) == KEYS[name]


@pytest.mark.parametrize("name", KEYS)
def test_misspelt_and_mistyped_keys(name):
    shared = [key for key in NUMBERS if key in KEYS[name]]
    block = {"type": name, "root": "x"} if "root" in KEYS[name] else {"type": name}
    problems = argument_problems(
        DATASETS.get(name), {**block, **{f"{key}_": 1 for key in shared}}, "dataset"
    )
    assert problems == [
        f"dataset.{key}_: unknown argument of {name}. Did you mean '{key}'? Valid: "
        + ", ".join(KEYS[name])
        for key in shared
    ]
    problems = argument_problems(DATASETS.get(name), {**block, **dict.fromkeys(shared, "1")}, "d")
    assert [problem.split(":")[0] for problem in problems] == [f"d.{key}" for key in shared]
    assert all("got str '1'" in problem for problem in problems)


@pytest.mark.parametrize("name", KEYS)
def test_a_scene_is_not_looked_for_with_numbers_out_of_range(name):
    cls = DATASETS.get(name)
    root = {"root": "/no/such/folder"} if "root" in KEYS[name] else {}
    for key, value, text in (
        ("scale", 0.0, "scale must be positive, got 0"),
        ("offset", (0.5, 0.5), "offset must be three numbers"),
        ("aabb_scale", -1.0, "aabb_scale must be positive, got -1"),
        ("near", -0.5, "0 <= near < far must hold, got near=-0.5"),
        ("downscale", 0, "downscale must be 1 or more, got 0"),
        ("holdout", 1, "holdout must be 2 or more, or 0"),
        ("missing", "ignore", "missing must be error or drop, got 'ignore'"),
        ("crop_fraction", 0.0, "crop_fraction 0.0; they must be at least 0, and in"),
    ):
        if key in KEYS[name]:
            with pytest.raises(ConfigError, match=text):
                cls(**root, **{key: value})


def test_near_and_far():
    assert Reach().ends(0.1, 3.0) == (0.2, 3.0)
    assert Reach(None, 4.0).ends(0.1, 3.0) == (0.1, 4.0)
    with pytest.raises(ConfigError, match="got near=5.0, far=3.0"):
        Reach(5.0).ends(0.1, 3.0)
    assert Placement(aabb_scale=2.0).span == (0.2, pytest.approx(8 * 3**0.5))


def test_box_and_crop():
    assert Box(2.0).aabb == [-0.5, -0.5, -0.5, 1.5, 1.5, 1.5]
    assert (Crop().crop_steps, Crop().crop_fraction) == (0, 0.5)


def test_shared_arguments_are_written_once():
    shared = {*AUTO, *CAPTURE, "missing", "crop_steps", "crop_fraction", "cameras"}
    # The embedded scene lies in no files: split and seed are its own.
    for name in set(KEYS) - {"ProceduralDataset"}:
        own = inspect.signature(vars(DATASETS.get(name))["__init__"].__wrapped__).parameters
        assert not shared & set(own), name
