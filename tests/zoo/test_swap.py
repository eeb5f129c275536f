"""The modules come apart: every combination, chosen by command-line overrides alone, trains."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.config import load_config
from jnerf.engine.run import run
from jnerf.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "projects/ngp/configs/ngp_lego.py"

ENCODERS = {
    "hash": ["encoder.pos_encoder.log2_table_size=12", "encoder.pos_encoder.max_resolution=128"],
    "frequency": ["encoder.pos_encoder=dict(type='FrequencyEncoder', n_frequencies=6)"],
    "dense": ["encoder.pos_encoder=dict(type='DenseGridEncoder', resolution=32, n_features=4)"],
    "planes": [
        "encoder.pos_encoder=dict(type='TriplaneEncoder', resolutions=[16, 32], n_features=4)",
        "optim.groups.encoder.sparse=False",
    ],
    "vm": ["encoder.pos_encoder=dict(type='VMEncoder', n_components=4, resolution=24)"],
    "cp": ["encoder.pos_encoder=dict(type='CPEncoder', n_components=24, resolution=24)"],
    "octree": [
        "encoder.pos_encoder=dict(type='OctreeEncoder', base_level=2, n_levels=3, n_features=4)",
    ],
    "codebook": [
        "encoder.pos_encoder=dict(type='CodebookEncoder', base_level=2, n_levels=3, n_features=4, init_scale=0.1)",
    ],
    "integrated": ["encoder.pos_encoder=dict(type='IntegratedEncoder', n_frequencies=8)"],
}
SAMPLERS = {
    "occupancy": [
        "sampler.grid_resolution=32",
        "sampler.target_samples=65536",
        "sampler.n_rays_init=200",
        "sampler.update_every=4",
    ],
    "uniform": ["sampler=dict(type='UniformSampler', n_samples=64)", "n_rays=400"],
    "hierarchical": [
        "sampler=dict(type='HierarchicalSampler', n_coarse=32, n_fine=32)",
        "n_rays=400",
    ],
    "mask": ["sampler=dict(type='MaskSampler', step_size=0.04)", "n_rays=400"],
    "proposal": [
        "sampler=dict(type='ProposalSampler', n_samples=[24, 24, 24], span=[0.6, 3.4], spacing='linear')",
        "n_rays=250",
    ],
}
NETWORKS = {
    "ngp": ["network.hidden_width=32"],
    "plain": ["network=dict(type='PlainMLPNetwork', hidden_width=32)", "optim.lr=2e-3"],
    "nerf": [
        "network=dict(type='NeRFNetwork', hidden_width=32, n_layers=4, skip=2, density_activation='softplus')",
        "network.rounds=1",
        "optim.lr=2e-3",
    ],
}
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
        "total_steps=30",
        "log_every=1",
        "evaluation.at_end=False",
        "checkpoint.every=1000",
        f"loss={loss}",
        f"renderer.background={background}",
        *ENCODERS[encoder],
        *SAMPLERS[sampler],
        *NETWORKS[network],
    ]
    run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "ngp_lego" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert len(losses) == 30 and np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4]), losses


@pytest.mark.parametrize("network", ["ngp", "plain"])
@pytest.mark.parametrize("space", ["contraction_l2", "contraction_linf"])
def test_all_of_space_trains_like_the_box(scene, tmp_path, network, space):
    overrides = [
        f"dataset.root={scene}",
        "total_steps=30",
        "log_every=1",
        "evaluation.at_end=False",
        *ENCODERS["hash"],
        *SAMPLERS["occupancy"],
        *NETWORKS[network],
        f"network.space={space}",
    ]
    run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "ngp_lego" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert np.isfinite(losses).all() and np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4]), losses


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("sampler", ["occupancy", "hierarchical", "proposal"])
def test_cameras_learn_with_every_encoder_and_sampler(scene, tmp_path, encoder, sampler):
    network = "nerf" if sampler == "hierarchical" else "ngp"
    overrides = [
        f"dataset.root={scene}",
        "dataset.cameras=dict(type='PoseRefinement', begin=4, rotation_penalty=1e-3)",
        "optim.groups.dataset=dict(cameras=dict(lr=1e-3))",
        "total_steps=12",
        "log_every=1",
        "evaluation.at_end=False",
        *ENCODERS[encoder],
        *SAMPLERS[sampler],
        *NETWORKS[network],
    ]
    run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "ngp_lego/log.jsonl").read_text().splitlines()]
    turns = [row["dataset/pose_degrees_mean"] for row in rows]
    assert np.isfinite([row["loss"] for row in rows]).all()
    assert turns[3] < 1e-3 < 0.01 < turns[-1] < 2


TENSORF = Path(__file__).parents[2] / "projects/tensorf/configs/tensorf_vm48_lego_small.py"


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_low_rank_grids_that_become_finer_train_under_every_sampler(scene, tmp_path, sampler):
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "total_steps=20",
        "log_every=1",
        "evaluation.at_end=False",
        "encoder.density_factors.resolution=16",
        "encoder.color_factors.resolution=16",
        "network.final_resolution=24",
        "network.upsample_steps=[10]",
        "network.mask_steps=[10]",
        "network.density_shift=-3.0",
        *SAMPLERS[sampler],
    ]
    run(load_config(TENSORF, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "tensorf_vm48_lego_small" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss/rgb"] for line in lines]
    assert len(losses) == 20 and np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4]), losses


def test_the_matrix_is_as_large_as_promised():
    assert len({case for case in CASES}) >= 36
    for k in range(3):  # every loss and background with every encoder, sampler and network
        pairs = {(case[k], case[j]) for case in CASES for j in (3, 4)}
        assert len(pairs) == 6 * len({case[k] for case in CASES})


PLENOXELS = Path(__file__).parents[2] / "projects/plenoxels/configs/plenoxels_lego_small.py"
OPTIMS = {
    "rmsprop": [
        "optim=dict(type='RMSprop', lr=1e-2, groups={'network.density': dict(lr=5.0)})",
        "ema=dict(type='EMA')",
    ],
    "adam": [
        "optim=dict(type='Adam', lr=1e-2, groups={'network.density': dict(lr=5.0, sparse=True)})"
    ],
}


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("optim", OPTIMS)
def test_voxels_that_become_finer_train_under_every_sampler(scene, tmp_path, sampler, optim):
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "total_steps=20",
        "log_every=1",
        "evaluation.at_end=False",
        "network=dict(type='PlenoxelNetwork', resolutions=[12, 20], upsample_steps=[10])",
        *SAMPLERS[sampler],
        *OPTIMS[optim],
    ]
    run(load_config(PLENOXELS, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "plenoxels_lego_small" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss/rgb"] for line in lines]
    assert len(losses) == 20 and np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[:4]), losses


def test_cameras_learn_with_voxels(scene, tmp_path):
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "dataset.cameras=dict(type='PoseRefinement')",
        "total_steps=8",
        "log_every=1",
        "evaluation.at_end=False",
        "network=dict(type='PlenoxelNetwork', resolutions=[12], upsample_steps=[])",
        "optim=dict(type='Adam', lr=1e-2, groups={'network.density': dict(lr=5.0), 'dataset.cameras': dict(lr=1e-3)})",
        *SAMPLERS["uniform"],
    ]
    run(load_config(PLENOXELS, overrides), "train", save_dir=tmp_path)
    rows = (tmp_path / "plenoxels_lego_small" / "log.jsonl").read_text().splitlines()
    assert 0.01 < json.loads(rows[-1])["dataset/pose_degrees_mean"] < 2


TREE = Path(__file__).parents[2] / "projects/nglod/configs/nglod_lego_small.py"
IN_TREES = {
    "voxel": ["sampler=dict(type='OctreeSampler', per_leaf=2, target_samples=8192)"],
    "ray": ["sampler=dict(type='OctreeSampler', marching='ray', target_samples=8192)"],
}
TREES = {
    "octree": ["encoder.pos_encoder.random_lod=True"],
    "concat": ["encoder.pos_encoder.combine='concat'"],
    "codebook": ["encoder.pos_encoder=dict(type='CodebookEncoder', bits=3, init_scale=0.1)"],
}


@pytest.mark.parametrize("sampler", [*SAMPLERS, *IN_TREES])
@pytest.mark.parametrize("encoder", TREES)
def test_trees_that_grow_train_under_every_sampler(scene, tmp_path, sampler, encoder):
    sizes = {"base_level": 2, "n_levels": 3, "initial_levels": 2, "n_features": 4}
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "total_steps=24",
        "log_every=1",
        "evaluation.at_end=False",
        *(["sampler=dict(type='OccupancySampler')"] if sampler == "occupancy" else []),
        "network.hidden_width=16",
        "network.grow_steps=[10]",
        "network.prune_steps=[16]",
        "network.prune_alpha=0.005",
        *TREES[encoder],
        *[f"encoder.pos_encoder.{name}={value}" for name, value in sizes.items()],
        *(SAMPLERS | IN_TREES)[sampler],
    ]
    run(load_config(TREE, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "nglod_lego_small" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in lines]
    assert len(losses) == 24 and np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < 0.97 * np.mean(losses[:4]), losses
    depths = [json.loads(line)["network/depth"] for line in lines]
    assert depths[9] == 3 and depths[10] == 4


def test_a_sampler_of_trees_needs_a_field_with_one(scene, tmp_path):
    overrides = [f"dataset.root={scene}", "sampler=dict(type='OctreeSampler')"]
    with pytest.raises(ConfigError, match="asks for the field's octree.*that has: OctreeNetwork"):
        run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)


DEPTH = {
    "termination": "dict(type='RayTerminationLoss', weight=10.0)",
    "sight": "dict(type='LineOfSightLoss', sigma=0.05)",
    "l1": "dict(type='DepthL1Loss')",
    "l2": "dict(type='DepthL2Loss')",
}
DEPTH_CASES = [(loss, name) for i, loss in enumerate(DEPTH) for name in [*SAMPLERS][i % 2 :: 2]]


@pytest.fixture(scope="module")
def scene_with_depth(tmp_path_factory):
    return make_tiny_blender(tmp_path_factory.mktemp("depth"), n=6, size=32, depth=True)


@pytest.mark.parametrize("loss, sampler", DEPTH_CASES)
def test_depth_supervises_every_sampler(scene_with_depth, tmp_path, loss, sampler):
    overrides = [
        f"dataset=dict(type='TransformsDataset', root='{scene_with_depth}', depth='z')",
        f"loss=dict(_delete_=True, rgb=dict(type='HuberLoss'), depth={DEPTH[loss]})",
        "total_steps=24",
        "log_every=1",
        "evaluation.at_end=False",
        *ENCODERS["hash"],
        *SAMPLERS[sampler],
        *NETWORKS["ngp"],
    ]
    run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)
    lines = (tmp_path / "ngp_lego" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss/depth"] for line in lines]
    assert len(losses) == 24 and np.isfinite(losses).all()
    # the occupancy grid is looked at first after four steps, and what is seen of a ray is another thing from then on
    assert np.mean(losses[-4:]) < 0.95 * np.mean(losses[4:8]), losses
