"""K-Planes and tri-planes: they learn, resume bit for bit, serve signed distances; losses that do not fit."""

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

PROJECTS = Path(__file__).parents[2] / "projects"
SCENE = "dataset=dict(type='ProceduralDataset', n_train=6, n_test=2, resolution=24)"
SHORT = [SCENE, "evaluation.at_end=False", "checkpoint.every=1000", "log_every=5"]
PLANES = ["encoder.pos_encoder.resolutions=[16, 32]", "encoder.pos_encoder.n_features=8"]
LR = "optim.lr=1e-2"
GRID = ["sampler.target_samples=32768", "sampler.grid_resolution=32", "sampler.update_every=4"]
CASES = {
    "kplanes_explicit_lego": [
        "n_rays=256",
        "sampler.n_samples=[32, 24, 16]",
        "sampler.span=(0.6, 4.4)",
        "network.basis_width=32",
        "optim.groups.encoder.proposal_0.every=2",
    ],
    "kplanes_lego_small": GRID,
    "triplane_eg3d_lego_small": GRID,
}


def config(name, *overrides):
    (path,) = PROJECTS.glob(f"*/configs/{name}.py")
    return load_config(path, [*SHORT, *PLANES, LR, *CASES[name], *overrides])


@pytest.mark.parametrize("name", CASES)
def test_it_learns_and_a_resumed_run_is_bit_identical(name, tmp_path):
    run(config(name, "total_steps=60"), "train", save_dir=tmp_path / "straight")
    straight = tmp_path / "straight" / name
    rows = [row["psnr"] for row in read_log(straight / "log.jsonl") if "psnr" in row]
    assert np.mean(rows[-4:]) > np.mean(rows[:4]) + 0.5, rows  # backgrounds are random
    for steps in (31, 60):
        how = {"save_dir": tmp_path / "parts", "resume": steps == 60}
        run(config(name, f"total_steps={steps}"), "train", **how)
    states = [load_latest(f / "checkpoints").state for f in (straight, tmp_path / "parts" / name)]
    assert_same_states(*states)


def test_signed_distances_learn_their_normals_on_planes(tmp_path):
    """NeuS' loss of the normal's length reaches the planes through second derivatives."""
    planes = "dict(type='TriplaneEncoder', resolutions=[16, 32], n_features=4, combine='sum', init='normal'"
    overrides = [
        *SHORT,
        "total_steps=36",
        "log_every=1",
        f"encoder.pos_encoder={planes}, init_range=(0.0, 0.01))",
        "sampler.target_samples=4096",
        "sampler.grid_resolution=32",
    ]
    found = load_config(PROJECTS / "neus/configs/hash_neus_scan24_wmask.py", overrides)
    run(found, "train", save_dir=tmp_path)
    rows = read_log(tmp_path / found.exp_name / "log.jsonl")
    losses = [row["loss"] for row in rows]
    assert np.isfinite(losses).all() and len(losses) == 36
    assert np.mean(losses[-6:]) < 0.75 * np.mean(losses[:6]), losses


def test_the_variation_of_planes_needs_planes():
    hashes = "encoder.pos_encoder=dict(type='HashGridEncoder', log2_table_size=12)"
    found = load_config(PROJECTS / "kplanes/configs/kplanes_lego_small.py", [SCENE, hashes])
    with pytest.raises(ConfigError, match="loss.variation: PlaneVariationLoss is of the field's"):
        build_pipeline(found)
