"""NeRF in the Wild's parts on photographs with squares in front: runs go on bit for bit, losses fall, tests fit."""

import json
from pathlib import Path

import pytest
from states import assert_same_states

from jnerf.config import load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run import run
from jnerf.errors import ConfigError

CONFIGS = Path(__file__).parents[2] / "projects/nerfw/configs"
STEPS = 40
OVERRIDES = [
    f"total_steps={STEPS}",
    "n_rays=256",
    "log_every=5",
    "evaluation.steps=[]",
    "evaluation.fit_steps=2",
    "evaluation.fit_rays=64",
    "checkpoint.every=1000",
    "dataset.n_train=6",
    "dataset.n_test=2",
    "dataset.resolution=24",
    "sampler.n_samples=[24, 16, 12]",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.proposal_0.log2_table_size=11",
    "encoder.proposal_1.log2_table_size=11",
    "network.hidden_width=32",
    "report=False",
]


def config(*overrides):
    return load_config(CONFIGS / "nerfw_embedded.py", [*OVERRIDES, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run to its end, and its test."""
    folder = tmp_path_factory.mktemp("nerfw")
    run(config(), "train", save_dir=folder)
    return folder / "nerfw_embedded"


def test_it_learns_and_says_how_it_was_tested(trained):
    losses = [row["loss/rgb"] for row in read_log(trained / "log.jsonl") if "loss/rgb" in row]
    assert losses[-1] < losses[0] - 0.3
    told = json.loads((trained / "test/metrics.json").read_text())["protocol"]
    assert told["transients"] == "left out of pictures"
    assert told["photographs_disturbed"].endswith("1 striped square of 0.3 of the side in front")
    assert told["test_fit"].startswith("appearance of each view in 2 steps of 64 pixels")


def test_a_resumed_run_is_bit_identical(trained, tmp_path):
    first = config("evaluation.at_end=False")
    first.total_steps = 21
    run(first, "train", save_dir=tmp_path)
    run(config("evaluation.at_end=False"), "train", save_dir=tmp_path, resume=True)
    straight = load_latest(trained / "checkpoints").state
    resumed = load_latest(tmp_path / "nerfw_embedded/checkpoints").state
    assert {"network.transients.table", "network.appearance.table"} < set(straight)
    assert_same_states(straight, resumed)


def test_a_renderer_of_transients_needs_a_network_that_has_some():
    with pytest.raises(ConfigError, match=r"NerfactoNetwork with transient=dict\(\)"):
        build_pipeline(config("network.transient=None"))
