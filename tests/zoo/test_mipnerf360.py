"""mip-NeRF 360: gradients clipped for each MLP, runs that are resumed, its network among other modules."""

from pathlib import Path

import numpy as np
import pytest
from scenes import make_tiny_blender
from states import assert_same_states
from swap import DIRECTED, ENCODERS, NETWORKS, PROJECTS, SAMPLERS, falls, trained

from jnerf.config import load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.run import run

CONFIG = Path(__file__).parents[2] / "projects/mipnerf360/configs/mipnerf360_embedded.py"
NGP = PROJECTS / "ngp/configs/ngp_lego.py"
STEPS = 40
OVERRIDES = [
    f"total_steps={STEPS}",
    "n_rays=256",
    "log_every=5",
    "evaluation.at_end=False",
    "checkpoint.every=1000",
    "dataset.n_train=6",
    "dataset.n_test=2",
    "dataset.resolution=24",
    "sampler.n_samples=[24, 16, 12]",
    "encoder.pos_encoder.n_frequencies=5",
    "network.proposals=2",
    "network.hidden_width=32",
    "loss.rgb=dict(_delete_=True, type='CharbonnierLoss')",
    "loss.distortion=dict(type='DistortionLoss', weight=0.01)",
    "optim.lr.delay_steps=5",
]


def config(*overrides):
    return load_config(CONFIG, [*OVERRIDES, *overrides])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run to its end."""
    folder = tmp_path_factory.mktemp("mipnerf360")
    run(config(), "train", save_dir=folder)
    return folder / "mipnerf360_embedded"


def test_it_learns_and_no_gradient_is_longer_than_it_may_be(finished):
    rows = [row for row in read_log(finished / "log.jsonl") if "psnr" in row]
    assert rows[-1]["psnr"] > rows[0]["psnr"] + 3
    assert rows[-1]["sampler/anneal"] > 0.95
    state = load_latest(finished / "checkpoints").state
    for name in ("network", "network.proposals"):
        assert state[f"optim.{name}.updates"] == [STEPS]
        moments = [v for k, v in state.items() if k.startswith(f"optim.{name}.") and k[-2:] == ".m"]
        sizes = [
            k
            for k in state
            if k.startswith(f"optim.{name}.") and k.count(".") == name.count(".") + 3
        ]
        assert moments and sizes
        own = [v for k, v in state.items() if k in sizes and k.endswith(".m")]
        # an average of vectors that are at most 1e-3 long
        assert 1e-5 < np.sqrt(sum((v.astype(np.float64) ** 2).sum() for v in own)) < 1.001e-3


@pytest.mark.parametrize("at", [1, 23])
def test_a_resumed_run_is_bit_identical(finished, tmp_path, at):
    first = config()
    first.total_steps = at
    # what goes by the length of the training is told that of the whole one
    first.sampler.anneal_steps = STEPS
    run(first, "train", save_dir=tmp_path)
    run(config(f"sampler.anneal_steps={STEPS}"), "train", save_dir=tmp_path, resume=True)
    straight = load_latest(finished / "checkpoints").state
    resumed = load_latest(tmp_path / "mipnerf360_embedded/checkpoints").state
    assert_same_states(straight, resumed)


@pytest.mark.parametrize("space", ["contraction_l2", "contraction_linf"])
@pytest.mark.parametrize("spacing", ["inverse", "power_ladder"])
def test_it_trains_in_all_of_space(tmp_path, space, spacing):
    how = ["sampler.opaque=True", "renderer.opaque=True", "renderer.background=None"]
    overrides = [*how, f"network.space={space}", f"sampler.spacing={spacing}", "log_every=1"]
    run(config(*overrides, "sampler.span=(0.2, 1e6)", "total_steps=16"), "train", save_dir=tmp_path)
    rows = read_log(tmp_path / "mipnerf360_embedded/log.jsonl")
    assert len(rows) == 16 and falls(rows, 1.0)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    root = tmp_path_factory.mktemp("scene")
    make_tiny_blender(root, n=6, size=32)
    return root


NETWORK = (
    "network=dict(type='MipNeRF360Network', hidden_width=32, n_layers=3, skip=1, bottleneck=15, "
    "color_width=16, proposals=0, space='box', density_scale=8.0)"
)


@pytest.mark.parametrize(
    "encoder, sampler, network",
    [
        ("hash", "occupancy", "mipnerf360"),
        ("frequency", "uniform", "mipnerf360"),
        ("integrated", "hierarchical", "mipnerf360"),
        ("frequency", "proposal", "mipnerf360"),
        ("directed", "mask", "mipnerf360"),
        ("directed", "occupancy", "ngp"),
        ("directed", "proposal", "plain"),
        ("directed", "hierarchical", "nerf"),
    ],
)
def test_its_parts_train_among_others(scene, tmp_path, encoder, sampler, network):
    others = NETWORKS | {"mipnerf360": [NETWORK, "optim.lr=2e-3"]}
    overrides = [
        f"dataset.root={scene}",
        "loss=dict(type='CharbonnierLoss')",
        *(ENCODERS | {"directed": DIRECTED})[encoder],
        *SAMPLERS[sampler],
        *others[network],
    ]
    assert falls(trained(NGP, overrides, tmp_path, 25))
