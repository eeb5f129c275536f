"""Runs whose exposures learn: they find those that photographs were put under, go on bit for bit, and say so."""

import json
from pathlib import Path

import numpy as np
import pytest
from states import assert_same_states

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.datasets.pictures.disturbance import Disturbance
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.run import run
from jnerf.errors import ConfigError

NGP = Path(__file__).parents[2] / "projects/ngp/configs/ngp_embedded.py"
STEPS, IMAGES = 200, 16
SMALL = [
    f"dataset.n_train={IMAGES}",
    "dataset.n_test=2",
    "dataset.resolution=32",
    "dataset.disturb=dict(stops=0.8, tint=0.1)",
    "dataset.exposure=dict(type='ExposureRefinement')",
    "optim.groups.dataset.exposure.lr=2e-2",
    "sampler.target_samples=8192",
    "encoder.dir_encoder.degree=1",  # so few images could each have a colour of their own
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.pos_encoder.max_resolution=64",
    "exp_name=run",
    "report=False",
]


def config(*overrides):
    return load_config(NGP, [*SMALL, f"total_steps={STEPS}", *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run to its end."""
    save = tmp_path_factory.mktemp("exposures")
    run(config(f"save_dir={save}"), "train")
    return save / "run"


def test_exposures_are_found(trained):
    right = Disturbance(stops=0.8, tint=0.1).exposures(IMAGES, config().seed)
    found = json.loads((trained / "exposures.json").read_text())
    stops = np.array([row["stops"] for row in found["images"]])
    assert [row["name"] for row in found["images"]][:2] == ["train_000", "train_001"]
    np.testing.assert_allclose(stops.mean(0), 0, atol=1e-4)
    assert np.corrcoef(stops.ravel(), right.ravel())[0, 1] > 0.8
    rows = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    sizes = [row["dataset/exposure_stops_mean"] for row in rows if "loss" in row]
    assert sizes[0] < 0.05 < 0.2 < sizes[-1]


def test_the_protocol_says_what_test_views_are_rendered_at(trained):
    told = json.loads((trained / "test/metrics.json").read_text())["protocol"]
    assert told["exposure"] == "learned for each training image; pictures at their mean, 0 stops"
    assert told["photographs_disturbed"].startswith("exposure by up to 0.8 stops, each channel")


def test_a_resumed_run_is_bit_identical(trained, tmp_path):
    first = config("evaluation.at_end=False")
    first.total_steps = 41
    run(first, "train", save_dir=tmp_path)
    run(config("evaluation.at_end=False"), "train", save_dir=tmp_path, resume=True)
    straight, resumed = (
        load_latest(folder / "checkpoints").state for folder in (trained, tmp_path / "run")
    )
    assert straight["params.dataset.exposure.0"].shape == (IMAGES, 3)
    assert_same_states(straight, resumed)


def test_what_is_wrong_in_a_config_is_named_before_anything_is_built():
    with pytest.raises(ConfigError, match="unknown argument of Disturbance"):
        check(config("dataset.disturb=dict(stop=1.0)"))
    with pytest.raises(ConfigError, match="unknown exposure 'Exposures'. Registered: ExposureRefinement"):
        check(config("dataset.exposure=dict(type='Exposures')"))
    with pytest.raises(ConfigError, match="unknown argument of ExposureRefinement"):
        check(config("dataset.exposure=dict(type='ExposureRefinement', channel='each')"))
