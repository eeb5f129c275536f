"""NeuS by config alone: its modules with others', what does not go together, normals in pictures, the step restored."""

import cv2
import imageio.v2 as imageio
import numpy as np
import pytest
from captures import make_neus

from jnerf.config import load_config
from jnerf.engine.checkpoints.state import at_step
from jnerf.engine.logging import read_log
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run import run
from jnerf.errors import ConfigError

HASH = "projects/neus/configs/hash_neus_scan24_wmask.py"
VANILLA = "projects/neus/configs/neus_scan24_small.py"
NOMASK = "projects/neus/configs/neus_scan24.py"
SMALL = [
    "n_rays=256",
    "total_steps=40",
    "log_every=1",
    "evaluation.at_end=False",
    "evaluation.n_images=1",
    "checkpoint.every=1000",
]
GRID = [
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.pos_encoder.n_levels=6",
    "encoder.pos_encoder.max_resolution=64",
    "encoder.pos_encoder.active_levels=dict(schedule='linear', value=3, end=6, steps=(0, 20))",
]
OCCUPANCY = "sampler=dict(type='OccupancySampler', grid_resolution=32, target_samples=8192, n_rays_init=256)"
NARROW = ["network.hidden_width=48", "network.geometry_features=8", "dataset.downscale=1"]
BACKGROUND = ["network.background_width=16", "network.background_layers=4"]
MASKLESS = [*NARROW, *BACKGROUND, "network.n_layers=3", "network.skip=2", "network.color_layers=1"]
UNIFORM = "sampler=dict(type='UniformSampler', n_samples=32)"
NEUS = "sampler=dict(type='NeuSSampler', n_samples=16, n_rounds=2, n_fine=8)"
WARM = "optim=dict(_delete_=True, type='Adam', lr=5e-3)"
DENSITY = ["renderer=dict(type='VolumeRenderer')", "loss.eikonal=None"]
GRID += ["loss.eikonal_everywhere.n_points=500"]

CASES = {
    "hash, occupancy": (HASH, [*GRID, OCCUPANCY]),
    "hash, neus": (HASH, [*GRID, NEUS]),
    "hash, uniform, as a density": (HASH, [*GRID, UNIFORM, *DENSITY]),
    "hash network on frequencies": (
        HASH,
        [OCCUPANCY, "encoder.pos_encoder=dict(type='FrequencyEncoder', n_frequencies=4)"],
    ),
    "vanilla, neus": (VANILLA, NARROW),
    "vanilla, occupancy": (VANILLA, [*NARROW, OCCUPANCY]),
    "vanilla, hierarchical, as a density": (
        VANILLA,
        [*NARROW, "sampler=dict(type='HierarchicalSampler', n_coarse=16, n_fine=16)", *DENSITY],
    ),
    "without masks": (
        NOMASK,
        [*MASKLESS, "sampler.n_samples=16", "sampler.n_rounds=2", "sampler.n_outside=6"],
    ),
    "background, inside samples only": (NOMASK, [*MASKLESS, NEUS]),
}


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    return make_neus(tmp_path_factory.mktemp("scan"))


def load(path, scan, *overrides):
    return load_config(path, [f"dataset.root={scan}", *SMALL, *overrides])


@pytest.mark.parametrize("case", CASES)
def test_modules_are_exchanged_by_config_alone(case, scan, tmp_path):
    path, overrides = CASES[case]
    config = load(path, scan, *overrides, WARM)
    run(config, "train", save_dir=tmp_path)
    losses = [row["loss"] for row in read_log(tmp_path / config.exp_name / "log.jsonl")]
    assert len(losses) == 40 and np.isfinite(losses).all()
    assert np.mean(losses[-10:]) < 0.95 * np.mean(losses[:10]), losses


@pytest.mark.parametrize(
    "path, override, message",
    [
        (
            HASH,
            "network=dict(type='NGPNetwork')",
            "renderer: NeuSRenderer requires 'normals', 'sdf', 'sharpness'",
        ),
        (
            VANILLA,
            "network=dict(type='NGPNetwork')",
            "NeuSSampler requires 'sdf', but network NGPNetwork .*by: .*network HashNeuSNetwork, .*network NeuSNetwork",
        ),
        (
            VANILLA,
            "sampler.n_outside=4",
            "sampler: NeuSSampler requires 'outside'.*Provided by: network NeuSNetwork with background=True",
        ),
        (
            HASH,
            "renderer=dict(type='VolumeRenderer')",
            "loss.eikonal: EikonalLoss requires 'gradients'.*Provided by: renderer NeuSRenderer",
        ),
        (
            VANILLA,
            "encoder.pos_encoder=dict(type='DenseGridEncoder')",
            "DenseGridEncoder cannot be differentiated twice.*HashNeuSNetwork",
        ),
    ],
)
def test_what_does_not_go_together_is_an_error_before_step_0(
    path, override, message, scan, tmp_path
):
    with pytest.raises(ConfigError, match=message):
        run(load(path, scan, override, WARM), "train", save_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_normals_are_pictures_and_the_step_is_restored(scan, tmp_path):
    """Levels that depend on the step are those of the checkpoint in a task of its own, too."""
    settings = [*GRID, OCCUPANCY, "total_steps=8", "evaluation.at_end=True"]
    trained = run(load(HASH, scan, *settings), "train", save_dir=tmp_path)
    tested = run(load(HASH, scan, *settings), "test", save_dir=tmp_path)
    assert tested["mean"] == trained["mean"]
    folder = tmp_path / "hash_neus_scan24_wmask"
    (picture,) = (folder / "test").glob("*_normal.png")
    assert cv2.imread(str(picture)).shape == (16, 16, 3)
    film = ["render.n_frames=2", "render.width=16", "render.height=16"]
    run(load(HASH, scan, *settings, *film), "render", save_dir=tmp_path)
    assert imageio.mimread(folder / "render" / "orbit.gif")[0].shape[:2] == (16, 48)


def test_network_encoder_and_renderer_are_told_the_step(scan):
    pipeline = build_pipeline(load(HASH, scan, *GRID, OCCUPANCY, "renderer.anneal_steps=40"))
    for step, levels, annealed in ((0, 3, 0.0), (10, 4, 0.25), (20, 6, 0.5), (400, 6, 1.0)):
        at_step(pipeline, step)
        assert pipeline.network.pos_encoder.active_levels == levels
        assert pipeline.renderer.annealed == annealed
