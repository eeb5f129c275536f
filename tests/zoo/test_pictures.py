"""A picture as a field, from training to windows of it: how exactly it is kept, by which encoder, and resumed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from states import assert_same_states

from jnerf.config import load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.run import run
from jnerf.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "projects/image/configs"
RGB = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
SMALL = [
    "encoder.pos_encoder.n_levels=4",
    "encoder.pos_encoder.min_resolution=4",
    "encoder.pos_encoder.max_resolution=16",
    "encoder.pos_encoder.log2_table_size=10",
    "network.precision=fp32",
    "evaluation.steps=[]",
    "report=False",
    "exp_name=eight",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "eight.png"
    cv2.imwrite(str(path), RGB[..., ::-1])
    return path


def train(file, folder, steps, *overrides, config="image_albert_small", **options):
    overrides = [f"dataset.root={file}", f"total_steps={steps}", *SMALL, *overrides]
    return run(load_config(CONFIGS / f"{config}.py", overrides), "train", folder, **options)


@pytest.fixture(scope="module")
def identity(file, tmp_path_factory):
    """A run to its end on 8 x 8 pixels, and its folder."""
    folder = tmp_path_factory.mktemp("identity")
    schedule = ["n_rays=1024", "optim.lr.steps=[0,1200]", "optim.lr.end=1e-5"]
    return train(file, folder, 1200, *schedule), folder / "eight", schedule


def test_eight_by_eight_pixels_are_kept(identity):
    done, folder, _ = identity
    assert done["mean"]["psnr"] > 60 and done["mean"]["psnr_8bit"] == 150
    found = cv2.imread(str(folder / "test" / "eight_prediction.png"))
    np.testing.assert_array_equal(found[..., ::-1], RGB)
    metrics = json.loads((folder / "test" / "metrics.json").read_text())
    protocol = metrics["protocol"]
    assert protocol["color_space"] == "srgb" and protocol["targets"] == "pixel"
    n = 2 * (4**2 + 6**2 + 10**2 + 16**2 + 2 * 4) + 8 * 64 + 64 * 64 + 64 * 3
    assert abs(protocol["parameters"] - n) < 200
    assert protocol["rate"]["fp32"]["bytes"] == 4 * protocol["parameters"]
    assert [row["psnr"] for row in read_log(folder / "log.jsonl") if "psnr" in row][-1] > 60


def test_windows_and_zooms_of_it(identity, file):
    _, folder, schedule = identity

    def render(**film):
        overrides = [f"dataset.root={file}", *SMALL, *schedule, "total_steps=1200"]
        config = load_config(CONFIGS / "image_albert_small.py", overrides)
        return run(config, "render", folder.parent, film=FilmRequest(**film))["files"]

    place = {"output": folder / "out", "force": True}
    (made,) = render(path=PathRequest(window=(2.0, 1.0, 6.0, 7.0)), **place)
    (picture,) = Path(made).glob("*.png")
    np.testing.assert_array_equal(cv2.imread(str(picture))[..., ::-1], RGB[1:7, 2:6])
    films = render(n_frames=2, size=(16, 16), formats=("gif",), **place)
    assert [Path(film).name for film in films] == ["zoom.gif"]
    with pytest.raises(ConfigError, match="--path orbit needs cameras"):
        render(path=PathRequest("orbit"), **place)


def test_a_resumed_run_has_the_same_bits(file, tmp_path):
    every = ["checkpoint.every=7", "n_rays=70"]
    train(file, tmp_path / "a", 14, *every)
    train(file, tmp_path / "b", 7, *every)
    train(file, tmp_path / "b", 14, *every, resume=True)
    one, other = (load_latest(tmp_path / name / "eight/checkpoints").state for name in "ab")
    assert_same_states(one, other)


ENCODERS = {
    "dense": "dict(type='DenseGridEncoder', resolution=8, n_features=4)",
    "frequency": "dict(type='FrequencyEncoder', n_frequencies=4)",
}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_other_encoders_learn_it_too(file, tmp_path, encoder):
    overrides = [f"encoder.pos_encoder={ENCODERS[encoder]}", "n_rays=256", "log_every=1"]
    config = "image_albert_small"
    without = [o for o in SMALL if not o.startswith("encoder.")]
    overrides = [f"dataset.root={file}", "total_steps=60", *without, *overrides]
    run(load_config(CONFIGS / f"{config}.py", overrides), "train", tmp_path)
    found = [row["psnr"] for row in read_log(tmp_path / "eight" / "log.jsonl") if "psnr" in row]
    assert found[-1] > found[0] + 5
