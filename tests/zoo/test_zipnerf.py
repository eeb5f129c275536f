"""Zip-NeRF: it learns, is resumed bit for bit, sees pictures of several sizes, and lends its parts to others."""

import json
from pathlib import Path

import numpy as np
import pytest
from scenes import make_tiny_blender
from states import assert_same_states

from jnerf.config import load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.run import run

PROJECTS = Path(__file__).parents[2] / "projects"
CONFIG = PROJECTS / "zipnerf/configs/zipnerf_embedded.py"
STEPS = 50
OVERRIDES = [
    f"total_steps={STEPS}",
    "n_rays=256",
    "log_every=5",
    "evaluation.at_end=False",
    "checkpoint.every=1000",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.proposal_0.log2_table_size=11",
    "encoder.proposal_1.log2_table_size=11",
    "network.hidden_width=32",
    "optim.lr.steps=(0, 50)",
    "optim.lr.delay_steps=10",
]
ROUNDS = ["sampler.n_samples=[24, 16, 12]", f"sampler.anneal_steps={STEPS}"]
SCENE = ["dataset.n_train=6", "dataset.n_test=2", "dataset.resolution=24"]


def config(*overrides):
    rounds = [] if any(text.startswith("sampler=") for text in overrides) else ROUNDS
    return load_config(CONFIG, [*OVERRIDES, *SCENE, *rounds, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run to its end."""
    folder = tmp_path_factory.mktemp("zipnerf")
    run(config(), "train", save_dir=folder)
    return folder / "zipnerf_embedded"


def test_it_learns(trained):
    rows = [row for row in read_log(trained / "log.jsonl") if "psnr" in row]
    assert rows[-1]["psnr"] > rows[0]["psnr"] + 3
    assert {"loss/rgb", "loss/interlevel", "loss/decay"} <= set(rows[-1])
    state = load_latest(trained / "checkpoints").state
    for name in ("encoder.proposal_0", "encoder.proposal_1", "network.proposals"):
        assert np.abs(state[f"optim.{name}.0.m"]).max() > 0


def test_a_resumed_run_is_bit_identical(trained, tmp_path):
    first = config()
    first.total_steps = 21
    run(first, "train", save_dir=tmp_path)
    run(config(), "train", save_dir=tmp_path, resume=True)
    straight = load_latest(trained / "checkpoints").state
    resumed = load_latest(tmp_path / "zipnerf_embedded/checkpoints").state
    assert_same_states(straight, resumed)


def test_pictures_of_several_sizes_are_measured_by_size(tmp_path):
    root = make_tiny_blender(tmp_path / "scene", n=3, size=44)
    dataset = f"dataset=dict(_delete_=True, type='MultiscaleTransformsDataset', root='{root}', scales=(1, 2))"
    found = load_config(CONFIG, [*OVERRIDES, *ROUNDS, dataset, "total_steps=5"])
    run(found, "train", save_dir=tmp_path)
    run(found, "test", save_dir=tmp_path)
    metrics = json.loads((tmp_path / "zipnerf_embedded/test/metrics.json").read_text())["mean"]
    assert metrics["psnr"] == pytest.approx(np.mean([metrics["psnr_1x"], metrics["psnr_2x"]]))
    assert metrics["ssim_2x"] != metrics["ssim_1x"]


@pytest.mark.parametrize(
    "how",
    [
        ["network.space=contraction_l2", "sampler.spacing=power_ladder", "sampler.span=(0.2, 1e6)"],
        ["network.skip=3", "network.color_layers=3", "network.biased=True"],
        ["sampler=dict(_delete_=True, type='HierarchicalSampler', n_coarse=12, n_fine=12)", "network.proposals=[]",
         "loss.interlevel=None", "loss.distortion=None"],
        ["network=dict(_delete_=True, type='NerfactoNetwork', space='box')"],
        ["dataset.cameras=dict(type='PoseRefinement')", "optim.groups.dataset=dict(cameras=dict(lr=1e-3))"],
    ],
    ids=["all of space", "published MLPs", "another sampler", "another network", "cameras that learn"],
)  # fmt: skip
def test_its_parts_go_with_others(tmp_path, how):
    overrides = ["total_steps=8", "log_every=1", "optim.lr.delay_steps=0"]
    run(config(*overrides, *how), "train", save_dir=tmp_path)
    losses = [row["loss"] for row in read_log(tmp_path / "zipnerf_embedded/log.jsonl")]
    assert len(losses) == 8 and np.isfinite(losses).all() and losses[-1] < losses[0]
