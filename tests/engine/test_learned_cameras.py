"""Runs whose cameras learn: what is logged, tested, written and exported, and that a pose finds back to its picture."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from jnerf.config import load_config
from jnerf.datasets.placement.alignment import align_points
from jnerf.datasets.placement.disturbance import disturbed
from jnerf.datasets.placement.refinement import PoseRefinement
from jnerf.engine.checkpoints.asked import load_for_task
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.rendering import placed_views
from jnerf.engine.rendering.image import render_chunk
from jnerf.engine.rendering.placed_views import fitted_pose
from jnerf.engine.run import run
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError
from jnerf.export.run import Place, export_cameras

NGP = Path(__file__).parents[2] / "projects/ngp/configs/ngp_embedded.py"
SMALL = [
    "dataset.n_train=12",
    "dataset.n_test=2",
    "dataset.resolution=32",
    "sampler.target_samples=8192",
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.pos_encoder.max_resolution=64",
    "exp_name=run",
    "report=False",
]
CAMERAS = (
    "dataset.cameras=dict(type='PoseRefinement', mode='se3', rotation_penalty=1e-3, test_steps=2, test_rays=32,"
    " disturb_degrees=1.0, disturb_distance=0.01)"
)
RATE = "optim.groups.dataset=dict(cameras=dict(lr=2e-3, clip_norm=1.0))"


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A run of 30 steps, and its folder."""
    save = tmp_path_factory.mktemp("learned")
    config = load_config(NGP, [*SMALL, CAMERAS, RATE, "total_steps=30", f"save_dir={save}"])
    run(config, "train")
    return config, save / "run"


def test_training_moves_cameras_and_says_how_far(learned):
    _, folder = learned
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    trained = [row for row in rows if "loss" in row]
    assert trained[0]["loss/dataset"] < trained[-1]["loss/dataset"] < 1e-3  # of no length at first
    assert {"dataset/pose_degrees_mean", "dataset/pose_share_max"} <= trained[-1].keys()
    assert trained[-1]["dataset/pose_degrees_mean"] != trained[0]["dataset/pose_degrees_mean"]


def test_the_protocol_says_where_test_views_are(learned):
    _, folder = learned
    told = json.loads((folder / "test" / "metrics.json").read_text())["protocol"]
    assert told["cameras"] == (
        "learned (se3); test views moved by the similarity from the given to the learned training cameras, then each "
        "pose fitted to its picture in 2 steps of 32 pixels, the field fixed"
    )
    assert told["cameras_disturbed"].startswith("each training camera by 1 degrees")
    assert 0 < told["pose_degrees_mean"] < 3
    steps, rays = (f"dataset.cameras.test_{name}" for name in ("steps", "rays"))
    assert told["judged_with"] == {steps: 2, rays: 32}


def test_learned_cameras_are_in_the_run_and_in_exports(learned, tmp_path):
    config, folder = learned
    found = json.loads((folder / "cameras.json").read_text())
    given, now = (
        np.array([frame[key] for frame in found["frames"]]) for key in ("given", "learned")
    )
    truth = build_dataset(config, "train")
    back = truth.transform.inverse()
    np.testing.assert_allclose(given, back.poses(truth.cameras.c2w), atol=1e-5)
    whole = align_points(given[:, :, 3], now[:, :, 3])
    assert found["given_to_learned"]["scale"] == pytest.approx(whole.scale, abs=1e-5)
    np.testing.assert_allclose(
        found["given_to_learned"]["translation"], whole.translation, atol=1e-4
    )
    path = tmp_path / "scene" / "transforms.json"
    export_cameras(Place(config, outputs=[path]), ["train", "test"], images=True)
    frames = json.loads(path.read_text())["frames"]
    exported = np.array([frame["transform_matrix"] for frame in frames])[:, :3]
    np.testing.assert_allclose(exported[:12], now, atol=1e-5)
    held_out = build_dataset(config, "test")
    moved = whole.poses(held_out.transform.inverse().poses(held_out.cameras.c2w))
    np.testing.assert_allclose(exported[12:], moved, atol=1e-4)


def test_a_test_of_the_checkpoint_repeats_that_of_the_training(learned):
    config, folder = learned
    before = json.loads((folder / "test" / "metrics.json").read_text())
    run(config, "test")
    after = json.loads((folder / "test" / "metrics.json").read_text())
    assert after["mean"]["psnr"] == before["mean"]["psnr"]
    assert after["protocol"]["pose_degrees_max"] == before["protocol"]["pose_degrees_max"]


def test_poses_are_fitted_to_pixels_that_show_anything(monkeypatch):
    shown, taken = np.zeros((6, 8), bool), []
    shown[2:4, 3:6] = True
    take = SimpleNamespace(take=taken.append)
    view = SimpleNamespace(index=0, rays=lambda: take, shown=lambda: shown)
    view.rgba = lambda: np.zeros((6, 8, 4), np.uint8)
    monkeypatch.setattr(placed_views, "_gradient", lambda *_: np.zeros((1, 6)))
    pose = np.eye(4)[:3]
    learned = PoseRefinement(pose[None], [0.5] * 3, "se3", test_steps=3, test_rays=50)
    placed_views.fitted_pose(None, view, pose, learned, lambda: False)
    assert set(np.concatenate(taken)) == set(np.flatnonzero(shown))


def test_networks_that_give_rays_no_gradients_are_refused():
    config = load_config(NGP, [*SMALL, CAMERAS, "network=dict(type='HashNeuSNetwork')"])
    with pytest.raises(ConfigError, match="HashNeuSNetwork gives no gradients to rays"):
        build_pipeline(config)


def test_a_pose_finds_back_to_its_picture(tmp_path):
    sizes = ["dataset.n_train=24", "dataset.resolution=48", "total_steps=600"]
    config = load_config(NGP, [*SMALL, *sizes, f"save_dir={tmp_path}", "evaluation.at_end=False"])
    run(config, "train")
    pipeline = build_pipeline(config, training=False)
    restore(pipeline, *load_for_task(RunFolder(tmp_path / "run"), None))
    pipeline.network.eval()
    true = pipeline.dataset.cameras.c2w.astype(np.float64)
    start = disturbed(true, 1.5, 0.01, seed=4)
    how = {"test_steps": 60, "test_lr": 3e-3, "test_rays": 500}
    learned = PoseRefinement(start, [0.5, 0.5, 0.5], "se3", **how)
    wrong = pipeline.dataset.with_poses(start)
    left = []
    for i in (8, 13, 18):
        found = fitted_pose(pipeline, wrong.view(i), start[i], learned, lambda: False)
        assert degrees_between(start[i], true[i]) == pytest.approx(1.5, abs=1e-3)
        left.append(degrees_between(found, true[i]))
        before, after = (mean_error(pipeline, wrong, i, pose) for pose in (start[i], found))
        assert after < 0.25 * before
    assert np.mean(left) < 0.75, left  # a pixel is 0.8 degrees wide


def degrees_between(one, two) -> float:
    """The angle between the orientations of two poses."""
    trace = np.trace(one[:, :3].T @ two[:, :3])
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def mean_error(pipeline, dataset, i, pose) -> float:
    """Mean squared error of a view's picture from another pose."""
    poses = dataset.cameras.c2w.copy()
    poses[i] = pose
    view = dataset.with_poses(poses).view(i)
    rgba = view.rgba().reshape(-1, 4) / np.float32(255)
    colors = render_chunk(pipeline, view.rays())[0].colors.numpy()
    return float(((colors - rgba[:, :3] * rgba[:, 3:]) ** 2).mean())
