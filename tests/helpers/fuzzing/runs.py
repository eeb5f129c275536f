"""Readers of what jnerf itself has written: checkpoints, run folders, records, journals; and of configs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
from benchmark_records import make
from colmap_scenes import tiny_model, write_scene
from run_folders import make_run
from scenes import ring_poses

from fuzzing.judge import Target
from jnerf.benchmark.finished import finished_run
from jnerf.benchmark.records import record
from jnerf.capture.colmap.database import read_database
from jnerf.capture.process import process
from jnerf.capture.settings import Settings
from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import Checkpoint, load_latest, save_checkpoint
from jnerf.engine.guards.record import read_info
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.logging import JsonLog
from jnerf.engine.rendering.frames import Frames
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.files import load_path, save_path
from jnerf.engine.rendering.paths.placement import Elsewhere
from jnerf.engine.rendering.paths.windows import FORMAT, load_windows
from jnerf.engine.run_folder import RunFolder
from jnerf.report.comparison.write import write_comparison
from jnerf.report.write import write_report

_ABOUT = {"step": 3, "channels": ["color"], "fps": 30.0, "background": [0.0, 0.0, 0.0]}
_SETTINGS = {"network.lod": 3, "sampler.type": "UniformSampler"}


def make_checkpoints(folder: Path) -> None:
    """Two checkpoints of a small model."""
    for step in (10, 20):
        state = {
            "network.w": np.full((4, 3), step, np.float32),
            "optim.network.updates": np.array(step),
            "sampler.bits": np.arange(7, dtype=np.uint8),
            "sampler.none": np.zeros((0, 3), np.float32),
        }
        save_checkpoint(folder, Checkpoint(step, 1, 0.5, state), keep=3)


def read_checkpoints(folder: Path) -> None:
    """What is found must be one of those that were saved."""
    found = load_latest(folder)
    if found.step not in (10, 20) or not (found.state["network.w"] == found.step).all():
        raise ValueError("a checkpoint that nobody has saved")


def make_run_folder(folder: Path) -> None:
    """A run with a test and a film in the making."""
    make_run(folder / "run")
    make_run(folder / "other", views=2)
    Frames(folder / "run/render", "orbit", _ABOUT, _SETTINGS).note(depth_span=(1.0, 2.0))


def read_reports(folder: Path) -> None:
    """The report and the comparison of it."""
    write_report(folder / "run")
    write_comparison([folder / "run", folder / "other"], folder / "compare.html")
    finished_run(folder / "run")


def read_to_resume(folder: Path) -> None:
    """What is read before a run goes on."""
    run = RunFolder(folder / "run")
    config = {"exp_name": "run", "dataset": {"type": "BlenderDataset", "root": "a"}}
    SameRun(run.root, config, "test").check_config()
    read_info(run.root)
    run.changes()
    run.begin("seed = 1\n", {"seed": 1}, 20, resume=True)
    run.note_changes(20, {"optim.lr": [1, 2]})
    log = JsonLog(run.log, keep_until=20)
    log.write({"step": 21})
    log.close()
    Frames(run.render, "orbit", _ABOUT, _SETTINGS).claim([run.render / "orbit.mp4"], False, True)


def make_paths(folder: Path) -> None:
    """Camera paths of three programs, and one of windows."""
    c2w, fov = ring_poses(3)[:, :3], np.full(3, 50.0)
    save_path(folder / "ours.json", CameraPath(c2w, fov, np.arange(3.0), True, 4.0, 30.0, (64, 48)))
    frames = [{"fov": 50.0, "c2w": pose.tolist()} for pose in c2w]
    _dump(folder / "frames.json", {"fps": 10, "frames": frames})
    keys = [
        {"R": [0.0, 0.0, 0.0, 1.0], "T": [0.5, i / 3, 0.5], "fov": 50.0, "scale": 1.0}
        for i in range(3)
    ]
    _dump(folder / "base_cam.json", {"path": keys, "loop": False, "time": 0.0})
    flat = [{"camera_to_world": p.ravel().tolist(), "fov": 50, "aspect": 1} for p in ring_poses(3)]
    about = {
        "camera_type": "perspective",
        "render_height": 48,
        "render_width": 64,
        "fps": 24,
        "seconds": 2,
    }
    _dump(
        folder / "nerfstudio.json",
        about | {"camera_path": flat, "keyframes": [], "is_cycle": False},
    )
    _dump(
        folder / "dataparser_transforms.json", {"transform": np.eye(4)[:3].tolist(), "scale": 0.5}
    )
    applied = {"scale": 0.3, "offset": [0.5, 0.5, 0.5], "applied_transform": np.eye(4).tolist()}
    _dump(folder / "transforms.json", applied)
    windows = [{"time": i, "window": [0, 0, 8 + i, 6]} for i in range(2)]
    flat_path = {"format": FORMAT, "keyframes": windows, "fps": 10, "width": 8, "height": 6}
    _dump(folder / "windows.json", flat_path)


def _dump(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content))


def read_paths(folder: Path) -> None:
    """All of them; the frames of a film are finite."""
    elsewhere = Elsewhere.of_scene(folder / "transforms.json")
    for name in ("ours", "frames", "base_cam", "nerfstudio"):
        path = load_path(folder / f"{name}.json", elsewhere)
        flight = path.flight(5)
        if not np.isfinite(flight.c2w).all() or not np.isfinite(flight.intrinsics(8, 6)).all():
            raise ValueError("a flight that is not finite")
    if not np.isfinite(load_windows(folder / "windows.json").at(np.linspace(0, 1, 5))).all():
        raise ValueError("windows that are not finite")


def make_config(folder: Path) -> None:
    """A config with a base of its own, and one that is a method's."""
    (folder / "base.py").write_text(
        '_base_ = "ngp_embedded"\ntotal_steps = 10\noptim = dict(lr=0.01)\n'
        "evaluation = dict(steps=[1, 2], every=None)\n"
    )
    (folder / "config.py").write_text(
        '_base_ = "base.py"\nexp_name = "mine"\nseed = 3\nn_rays = 64\n'
        'loss = dict(\n    type="HuberLoss",\n    delta=0.1,\n)\n'
        "dataset = dict(n_train=4, resolution=16)\nencoder = dict(position=dict(n_levels=4))\nema = None\n"
    )
    (folder / "overrides.txt").write_text(
        "optim.lr=1e-3\nevaluation.steps.0=5\nloss=dict(type='MSELoss')\ndataset.n_train=3\n"
    )


def read_config(folder: Path) -> None:
    """Loads it with overrides, checks it, and writes it down."""
    text = (folder / "overrides.txt").read_text("utf-8", "replace")
    config = load_config(folder / "config.py", [line for line in text.split("\n") if line])
    check(config)
    config.dump()


def make_record(folder: Path) -> None:
    """Records of benchmarks."""
    for kind in ("ops", "train"):
        record.save(folder / f"{kind}.json", make(kind))


def read_records(folder: Path) -> None:
    """As tables and plots are made of them."""
    for path in sorted(folder.glob("*.json")):
        record.load(path)


def make_capture(folder: Path) -> None:
    """A scene made of a COLMAP model, whose last stage is still to be done."""
    write_scene(folder / "source", tiny_model(3))
    capture(folder, False)
    journal = folder / "scene/process.json"
    told = json.loads(journal.read_text())
    told["done"].pop("output")
    journal.write_text(json.dumps(told))


def capture(folder: Path, resume: bool = True) -> None:
    """Makes it, or goes on with it."""
    settings = Settings("colmap", folder / "source", copies=(2,))
    process(settings, folder / "scene", resume, say=lambda text: None)


def make_database(folder: Path) -> None:
    """COLMAP's database, as far as it is read."""
    with closing(sqlite3.connect(folder / "database.db")) as database, database:
        database.execute("CREATE TABLE images (image_id INTEGER, name TEXT, camera_id INTEGER)")
        database.execute("CREATE TABLE keypoints (image_id INTEGER, rows INTEGER)")
        database.execute("CREATE TABLE two_view_geometries (pair_id INTEGER, rows INTEGER)")
        for i in range(1, 4):
            database.execute("INSERT INTO images VALUES (?, ?, 1)", (i, f"{i}.png"))
            database.execute("INSERT INTO keypoints VALUES (?, 9)", (i,))
        database.execute("INSERT INTO two_view_geometries VALUES (?, 5)", (2147483647 + 2,))


def read_captured(folder: Path) -> None:
    """What a report says of it."""
    found = read_database(folder / "database.db")
    found.camera_of(["1.png"])
    sum(found.features.values())


TARGETS = (
    Target("checkpoints", make_checkpoints, read_checkpoints, ("*20.safetensors",)),
    Target("reports", make_run_folder, read_reports, ("run/*.json", "run/*.jsonl", "run/config.py", "run/test/*.json")),
    Target("resume", make_run_folder, read_to_resume, ("run/*.json", "run/*.jsonl", "run/config.py", "*.film.json")),
    Target("camera_paths", make_paths, read_paths, ("*.json",)),
    Target("configs", make_config, read_config, ("*.py", "*.txt")),
    Target("records", make_record, read_records, ("*.json",)),
    Target("database", make_database, read_captured, ("*",)),
    Target("capture", make_capture, capture, ("process.json", "*_report.json")),
)  # fmt: skip
