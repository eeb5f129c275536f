"""nerfacto: proposals that learn now and then, runs that are resumed, samplers that do not fit."""

from pathlib import Path

import numpy as np
import pytest
from states import assert_same_states

from jnerf.config import load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run import run
from jnerf.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "projects/nerfacto/configs/nerfacto_embedded.py"
STEPS = 60
EVERY = "dict(schedule='linear', value=1, end=3, steps=(0, 20))"
OVERRIDES = [
    f"total_steps={STEPS}",
    "n_rays=256",
    "log_every=5",
    "evaluation.at_end=False",
    "checkpoint.every=1000",
    "dataset.n_train=6",
    "dataset.n_test=2",
    "dataset.resolution=24",
    "sampler.n_samples=[32, 24, 16]",
    "sampler.anneal_steps=50",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.proposal_0.log2_table_size=11",
    "encoder.proposal_1.log2_table_size=11",
    "network.hidden_width=32",
    "network.appearance=4",
    "loss.distortion=dict(type='DistortionLoss', weight=0.002)",
    f"optim.groups.encoder.proposal_0.every={EVERY}",
    f"optim.groups.encoder.proposal_1.every={EVERY}",
    f"optim.groups.network.proposals.every={EVERY}",
]


def config(*overrides):
    return load_config(CONFIG, [*OVERRIDES, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run to its end."""
    folder = tmp_path_factory.mktemp("nerfacto")
    run(config(), "train", save_dir=folder)
    return folder / "nerfacto_embedded"


def test_it_learns_and_its_proposals_follow_now_and_then(trained):
    rows = [row for row in read_log(trained / "log.jsonl") if "psnr" in row]
    assert rows[-1]["psnr"] > rows[0]["psnr"] + 3
    assert rows[-1]["sampler/anneal"] == 1.0
    state = load_latest(trained / "checkpoints").state
    assert state["optim.network.updates"] == [STEPS]
    # the distance between two updates grows from 1 to 3 steps within 20
    for name in ("encoder.proposal_0", "encoder.proposal_1", "network.proposals"):
        assert STEPS / 3 < state[f"optim.{name}.updates"][0] < STEPS / 2
        assert np.abs(state[f"optim.{name}.0.m"]).max() > 0
    assert np.abs(state["network.appearance.table"]).max() > 0


@pytest.mark.parametrize("at", [1, 31])
def test_a_resumed_run_is_bit_identical(trained, tmp_path, at):
    first = config()
    first.total_steps = at
    run(first, "train", save_dir=tmp_path)
    run(config(), "train", save_dir=tmp_path, resume=True)
    straight = load_latest(trained / "checkpoints").state
    resumed = load_latest(tmp_path / "nerfacto_embedded/checkpoints").state
    assert_same_states(straight, resumed)


@pytest.mark.parametrize("space", ["contraction_linf", "contraction_l2"])
@pytest.mark.parametrize(
    "how",
    [
        ["sampler.spacing=power_ladder", "loss.interlevel.form=blurred"],
        ["sampler.spacing=inverse", "sampler.centres=True", "sampler.widen=(0.0025, 0.5)"],
        ["sampler.spacing=piecewise", "renderer.background=last_sample"],
    ],
)
def test_it_trains_in_all_of_space(tmp_path, space, how):
    overrides = [f"network.space={space}", "sampler.span=(0.2, 100.0)", "total_steps=12"]
    run(config(*overrides, "log_every=1", *how), "train", save_dir=tmp_path)
    losses = [row["loss"] for row in read_log(tmp_path / "nerfacto_embedded/log.jsonl")]
    assert len(losses) == 12 and np.isfinite(losses).all() and losses[-1] < losses[0]


def test_the_protocol_says_what_pictures_took_for_appearance(trained):
    run(config(), "test", save_dir=trained.parent)
    text = (trained / "test/metrics.json").read_text()
    assert '"appearance": "mean of the training images\' numbers"' in text


def test_samplers_of_other_rounds_are_refused_unless_there_are_no_proposals():
    def build(*overrides):
        build_pipeline(
            load_config(CONFIG, ["dataset.n_train=2", "dataset.resolution=8", *overrides])
        )

    uniform = "sampler=dict(type='UniformSampler', n_samples=16)"
    without = ["loss.interlevel=None", "optim.groups=dict(_delete_=True)"]
    with pytest.raises(ConfigError, match="fields of its own for 2 earlier rounds, but sampler U"):
        build(uniform, *without)
    with pytest.raises(ConfigError, match="fields of its own for 2 earlier rounds"):
        build("sampler.n_samples=[8, 8]", *without)
    build(uniform, "network.proposals=[]", *without)
    with pytest.raises(ConfigError, match="names encoder.proposal_9, which there is not"):
        build("network.proposals=['proposal_0', 'proposal_9']")
