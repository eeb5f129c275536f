"""The modules come apart: every combination, chosen by command-line overrides alone, trains."""

import itertools

import numpy as np
import pytest
from scenes import make_tiny_blender
from swap import ENCODERS, NETWORKS, PRECISIONS, PROJECTS, SAMPLERS, falls, trained

CONFIG = PROJECTS / "ngp/configs/ngp_lego.py"

LOSSES = ["dict(type='HuberLoss')", "dict(type='MSELoss')", "dict(type='L1Loss')"]
BACKGROUNDS = ["random", "[1.0, 1.0, 1.0]", "None"]
MODULES = list(itertools.product(ENCODERS, SAMPLERS, NETWORKS))
# Losses and backgrounds take turns, so that each meets each of the other modules.
CASES = [
    (*modules, LOSSES[(i + i // 3) % 3], BACKGROUNDS[(i + i // 9) % 3])
    for i, modules in enumerate(MODULES)
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    root = tmp_path_factory.mktemp("scene")
    make_tiny_blender(root, n=6, size=32)
    return root


@pytest.mark.parametrize("encoder, sampler, network, loss, background", CASES)
def test_every_combination_trains(scene, tmp_path, encoder, sampler, network, loss, background):
    overrides = [
        f"dataset.root={scene}",
        f"loss={loss}",
        f"renderer.background={background}",
        *ENCODERS[encoder],
        *SAMPLERS[sampler],
        *NETWORKS[network],
    ]
    rows = trained(CONFIG, overrides, tmp_path, 30)
    assert falls(rows)


@pytest.mark.parametrize("network", ["ngp", "plain"])
@pytest.mark.parametrize("space", ["contraction_l2", "contraction_linf"])
def test_all_of_space_trains_like_the_box(scene, tmp_path, network, space):
    overrides = [
        f"dataset.root={scene}",
        *ENCODERS["hash"],
        *SAMPLERS["occupancy"],
        *NETWORKS[network],
        f"network.space={space}",
    ]
    rows = trained(CONFIG, overrides, tmp_path, 30)
    assert falls(rows)


@pytest.mark.parametrize(
    "precision, optim",
    [
        ("float16", "optim=dict(type='Adam', lr=1e-2)"),
        ("float32", "optim=dict(type='Adam', lr=1e-2)"),
        ("bfloat16", "optim=dict(type='Adam', lr=1e-2)"),
        ("bfloat16", "optim=dict(type='RMSprop', lr=1e-2)"),
    ],
    ids=["float16 dense", "float32 dense", "bfloat16 dense", "bfloat16 rmsprop"],
)
def test_tables_in_any_precision_train_under_every_optimiser(scene, tmp_path, precision, optim):
    how = *PRECISIONS[precision], *SAMPLERS["occupancy"], *NETWORKS["ngp"]
    overrides = [f"dataset.root={scene}", *how]
    rows = trained(CONFIG, [*overrides, optim, "ema=dict(type='EMA')"], tmp_path, 30)
    assert falls(rows)


@pytest.mark.parametrize("k, sampler", enumerate(SAMPLERS))
def test_tables_in_another_precision_train_under_every_sampler(scene, tmp_path, k, sampler):
    network = NETWORKS["nerf" if sampler == "hierarchical" else "ngp"]
    overrides = [f"dataset.root={scene}", *PRECISIONS[("float32", "bfloat16")[k % 2]], *SAMPLERS[sampler], *network]
    assert falls(trained(CONFIG, overrides, tmp_path, 30))


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("sampler", ["occupancy", "hierarchical", "proposal"])
def test_cameras_learn_with_every_encoder_and_sampler(scene, tmp_path, encoder, sampler):
    network = "nerf" if sampler == "hierarchical" else "ngp"
    overrides = [
        f"dataset.root={scene}",
        "dataset.cameras=dict(type='PoseRefinement', begin=4, rotation_penalty=1e-3)",
        "optim.groups.dataset=dict(cameras=dict(lr=1e-3))",
        *ENCODERS[encoder],
        *SAMPLERS[sampler],
        *NETWORKS[network],
    ]
    rows = trained(CONFIG, overrides, tmp_path, 12)
    turns = [row["dataset/pose_degrees_mean"] for row in rows]
    assert np.isfinite([row["loss"] for row in rows]).all()
    assert turns[3] < 1e-3 < 0.01 < turns[-1] < 2


def test_the_matrix_is_as_large_as_promised():
    assert len({case for case in CASES}) >= 36
    for k in range(3):  # every loss and background with every encoder, sampler and network
        pairs = {(case[k], case[j]) for case in CASES for j in (3, 4)}
        assert len(pairs) == 6 * len({case[k] for case in CASES})
