"""Grids of other kinds, low rank, voxels and octrees, train under every sampler, chosen by overrides alone."""

import pytest
from scenes import make_tiny_blender
from swap import PROJECTS, SAMPLERS, falls, trained

from jnerf.config import load_config
from jnerf.engine.run import run
from jnerf.errors import ConfigError

CONFIG = PROJECTS / "ngp/configs/ngp_lego.py"
TENSORF = PROJECTS / "tensorf/configs/tensorf_vm48_lego_small.py"
PLENOXELS = PROJECTS / "plenoxels/configs/plenoxels_lego_small.py"
TREE = PROJECTS / "nglod/configs/nglod_lego_small.py"


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    root = tmp_path_factory.mktemp("scene")
    make_tiny_blender(root, n=6, size=32)
    return root


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_low_rank_grids_that_become_finer_train_under_every_sampler(scene, tmp_path, sampler):
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "encoder.density_factors.resolution=16",
        "encoder.color_factors.resolution=16",
        "network.final_resolution=24",
        "network.upsample_steps=[10]",
        "network.mask_steps=[10]",
        "network.density_shift=-3.0",
        *SAMPLERS[sampler],
    ]
    rows = trained(TENSORF, overrides, tmp_path, 20)
    assert falls(rows, key="loss/rgb")


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
        "network=dict(type='PlenoxelNetwork', resolutions=[12, 20], upsample_steps=[10])",
        *SAMPLERS[sampler],
        *OPTIMS[optim],
    ]
    rows = trained(PLENOXELS, overrides, tmp_path, 20)
    assert falls(rows, key="loss/rgb")


def test_cameras_learn_with_voxels(scene, tmp_path):
    overrides = [
        f"dataset.root={scene}",
        "dataset.downscale=1",
        "dataset.cameras=dict(type='PoseRefinement')",
        "network=dict(type='PlenoxelNetwork', resolutions=[12], upsample_steps=[])",
        "optim=dict(type='Adam', lr=1e-2, groups={'network.density': dict(lr=5.0), 'dataset.cameras': dict(lr=1e-3)})",
        *SAMPLERS["uniform"],
    ]
    rows = trained(PLENOXELS, overrides, tmp_path, 8)
    assert 0.01 < rows[-1]["dataset/pose_degrees_mean"] < 2


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
        *(["sampler=dict(type='OccupancySampler')"] if sampler == "occupancy" else []),
        "network.hidden_width=16",
        "network.grow_steps=[10]",
        "network.prune_steps=[16]",
        "network.prune_alpha=0.005",
        *TREES[encoder],
        *[f"encoder.pos_encoder.{name}={value}" for name, value in sizes.items()],
        *(SAMPLERS | IN_TREES)[sampler],
    ]
    rows = trained(TREE, overrides, tmp_path, 24)
    assert falls(rows, 0.97)
    depths = [row["network/depth"] for row in rows]
    assert depths[9] == 3 and depths[10] == 4


def test_a_sampler_of_trees_needs_a_field_with_one(scene, tmp_path):
    overrides = [f"dataset.root={scene}", "sampler=dict(type='OctreeSampler')"]
    with pytest.raises(ConfigError, match="asks for the field's octree.*that has: OctreeNetwork"):
        run(load_config(CONFIG, overrides), "train", save_dir=tmp_path)
