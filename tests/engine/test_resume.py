"""60 steps straight against 30, kill -9 and resume to 60: every saved array must be equal, bit for bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scenes import make_tiny_blender

import jnerf  # noqa: F401
from jnerf.engine.checkpoints.checkpoint import load_checkpoint
from jnerf.engine.logging import read_log

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    "fakes": ("tests/engine/configs/tiny.py", []),
    # The shipped Instant-NGP with smaller tables and batches: grid updates, a changing number of
    # rays, sparse Adam and EMA all cross the kill.
    "ngp": (
        "projects/ngp/configs/ngp_lego.py",
        [
            "dataset.root={scene}",
            "encoder.pos_encoder.log2_table_size=14",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=64",
        ],
    ),
    # A table that is read in 16 bits: the copy is made anew where the process begins anew.
    "halved": (
        "projects/ngp/configs/ngp_lego.py",
        [
            "dataset.root={scene}",
            "encoder.pos_encoder.log2_table_size=12",
            "encoder.pos_encoder.table_precision=bfloat16",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=32",
        ],
    ),
    # Voxels that become finer before the saved state and after it.
    "plenoxels": (
        "projects/plenoxels/configs/plenoxels_lego_small.py",
        [
            "dataset.root={scene}",
            "dataset.downscale=1",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=32",
            "network.resolutions=[8, 12, 16, 16]",
            "network.upsample_steps=[20, 40, 50]",
            "loss.sh_variation.every=3",
        ],
    ),
    # Cameras that learn, from a step on, and levels that fade in with the step.
    "cameras": (
        "projects/barf/configs/ngp_poses_small.py",
        [
            "dataset=dict(_delete_=True, type='BlenderDataset', root='{scene}', cameras=dict(type='PoseRefinement', "
            "mode='se3', begin=10, translation_penalty=1e-2, disturb_degrees=1.0))",
            "encoder.pos_encoder.log2_table_size=12",
            "encoder.pos_encoder.coarse_to_fine=dict(schedule='linear', value=4, end=16, steps=(0, 60))",
            "optim.groups.dataset.cameras.lr=1e-3",
            "optim.groups.dataset.cameras.every=2",
            "optim.groups.dataset.cameras.clip_norm=0.5",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=64",
        ],
    ),
    # Depth from files, whose losses follow a schedule.
    "depth": (
        "projects/dsnerf/configs/ngp_depth_small.py",
        [
            "dataset=dict(_delete_=True, type='TransformsDataset', root='{scene}', depth='z')",
            "loss.depth=dict(_delete_=True, type='RayTerminationLoss', weight=0.1, "
            "sigma=dict(schedule='linear', value=1e-2, end=1e-3, steps=(0, 60)))",
            "encoder.pos_encoder.log2_table_size=12",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=64",
        ],
    ),
    # A tree that is split and pruned before the saved state and after it, levels of detail drawn at random.
    "octree": (
        "projects/vqad/configs/vqad_lego_small.py",
        [
            "dataset.root={scene}",
            "dataset.downscale=1",
            "sampler.target_samples=8192",
            "encoder.pos_encoder.base_level=2",
            "encoder.pos_encoder.random_lod=True",
            "network.grow_steps=[20, 45]",
            "network.prune_steps=[25, 50]",
            "network.prune_alpha=0.02",
        ],
    ),
    # Levels that appear with the step, which no checkpoint holds.
    "neus": (
        "projects/neus/configs/hash_neus_scan24_wmask.py",
        [
            "dataset=dict(type='BlenderDataset', root='{scene}')",
            "encoder.pos_encoder.log2_table_size=12",
            "encoder.pos_encoder.active_levels=dict(schedule='linear', value=4, end=12, steps=(0, 60))",
            "sampler.target_samples=8192",
            "sampler.grid_resolution=64",
            "renderer.anneal_steps=50",
        ],
    ),
}

# The process is killed as the trainer enters step 40: the checkpoint of step 30 is the last.
RUNNER = """
import os, signal, sys
import jnerf
from jnerf.config import load_config
from jnerf.engine import trainer
from jnerf.engine.run import run
config, kill_at, resume = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "resume"
real = trainer.Trainer._train_step
def step(self, number, watch):
    if number == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, number, watch)
trainer.Trainer._train_step = step
train = trainer.Trainer.train
def train_only(self):
    train(self)
    sys.exit(0)  # without the test that follows training: it takes longer than the training here
trainer.Trainer.train = train_only
run(load_config(config, sys.argv[4:]), "train", resume=resume)
"""


@pytest.fixture(autouse=True)
def children_may_be_killed():
    """Jittor ends the process when a child of it is killed by a signal; here that is the point."""
    old = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGCHLD, old if old is not None else signal.SIG_DFL)


def train(config, overrides, kill_at=-1, resume=False):
    words = [config, str(kill_at), "resume" if resume else "new", *overrides]
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, *words],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    wanted = -signal.SIGKILL if kill_at >= 0 else 0
    assert done.returncode == wanted, done.stderr[-3000:]


@pytest.mark.parametrize("case", CASES)
def test_killed_and_resumed_equals_straight(case, tmp_path):
    config, overrides = CASES[case]
    if case != "fakes":
        make_tiny_blender(tmp_path / "scene", n=6, size=32, depth=True)
    common = [
        "exp_name=run",
        "total_steps=60",
        "checkpoint.every=30",
        "log_every=10",
        "evaluation.steps=[]",
        *(override.format(scene=tmp_path / "scene") for override in overrides),
    ]
    straight, broken = [*common, f"save_dir={tmp_path}/a"], [*common, f"save_dir={tmp_path}/b"]
    train(config, straight)
    train(config, broken, kill_at=40)
    folders = [tmp_path / name / "run" / "checkpoints" for name in "ab"]
    assert [path.name for path in folders[1].glob("*")] == ["step_00000030.safetensors"]
    train(config, broken, resume=True)
    first, second = (load_checkpoint(folder / "step_00000060.safetensors") for folder in folders)
    assert set(first.state) == set(second.state)
    different = [
        n for n, array in first.state.items() if not np.array_equal(array, second.state[n])
    ]
    assert not different
    rows = [read_log(tmp_path / name / "run" / "log.jsonl") for name in "ab"]
    losses = [{row["step"]: row["loss"] for row in log if "loss" in row} for log in rows]
    assert losses[0] == losses[1] and list(losses[1]) == [1, 10, 20, 30, 40, 50, 60]
    # The clock goes on where it was, it does not start again.
    seconds = [row["seconds"] for row in rows[1]]
    assert seconds == sorted(seconds)
