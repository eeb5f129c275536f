"""Bad input, end to end: the command line says what is wrong, on standard error, without a traceback, and fails.

What each check finds is tested beside it (tests/datasets, tests/config, tests/engine); here, that it reaches
the user through the whole program.
"""

import errno
import json
import os
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.engine.checkpoints import checkpoint as checkpoints
from jnerf.engine.logging import JsonLog

ROOT = Path(__file__).resolve().parents[2]
NGP = ROOT / "projects/ngp/configs/ngp_lego.py"
MAIN = runpy.run_path(str(ROOT / "tools/run_net.py"))["main"]
SMALL = [
    "encoder.pos_encoder.log2_table_size=12",
    "sampler.target_samples=4096",
    "sampler.grid_resolution=32",
    "evaluation.at_end=False",
    "checkpoint.every=1",
]


@pytest.fixture
def scene(tmp_path):
    return make_tiny_blender(tmp_path / "scene")


@pytest.fixture
def start(tmp_path, capfd):
    """Runs the command line; checks how it ends and that it says ``messages`` on standard error."""

    def run(*words, status=0, messages=(), config=NGP):
        words = ["--config-file", str(config), "--save-dir", str(tmp_path / "runs"), *SMALL, *words]
        assert MAIN([str(word) for word in words]) == status
        shown = capfd.readouterr()
        if status:
            assert "error: " in shown.err, shown.err
        for message in messages:
            assert message in shown.err, shown.err
        assert "Traceback" not in shown.err + shown.out
        return shown

    return run


def edit(scene, change):
    """Applies ``change`` to the frames file of the training split."""
    path = scene / "transforms_train.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_missing_scene_folder(start, tmp_path):
    messages = ["scene folder", "not found", str(tmp_path / "nowhere"), "JNERF_DATA"]
    start(f"dataset.root={tmp_path}/nowhere", status=2, messages=messages)


@pytest.mark.parametrize(
    ("pose", "message"), [(np.full((4, 4), np.nan), "holds NaN"), (np.zeros((4, 4)), "singular")]
)
def test_bad_pose(start, scene, pose, message):
    edit(scene, lambda data: data["frames"][1].update(transform_matrix=pose.tolist()))
    messages = ["transforms_train.json: frame 1 './train/r_1'", message]
    start(f"dataset.root={scene}", status=2, messages=messages)


def test_no_frames(start, scene):
    edit(scene, lambda data: data.pop("frames"))
    start(f"dataset.root={scene}", status=2, messages=["transforms_train.json has no frames"])


def truncate(path):
    path.write_bytes(path.read_bytes()[:-30])


def resize(path):
    cv2.imwrite(str(path), np.zeros((12, 12, 4), np.uint8))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "r_2.png is missing (1 of the 4"),
        (truncate, "r_2.png cannot be decoded"),
        (resize, "r_2.png: expected an image of 16x16"),
    ],
)
def test_bad_image(start, scene, tmp_path, damage, message):
    damage(scene / "train" / "r_2.png")
    start(f"dataset.root={scene}", status=2, messages=[message])
    # Nothing is left behind that would refuse the start after the repair.
    make_tiny_blender(scene)
    start(f"dataset.root={scene}", "total_steps=1")


@pytest.mark.parametrize(
    ("line", "messages"),
    [
        ("totl_steps = 5", ["totl_steps: unknown key", "Did you mean 'total_steps'?"]),
        ("sampler = dict(type='OccupancySampeler')", ["Did you mean 'OccupancySampler'?"]),
        (
            "sampler = dict(target_sample=5)",
            ["sampler.target_sample: unknown argument", "Did you mean 'target_samples'?"],
        ),
        ("network = dict(hidden_width='64')", ["network.hidden_width", "int", "'64'"]),
        ("total_steps = '5'", ["total_steps", "int", "'5'"]),
        ("n_rays = 1 +", ["syntax error"]),
    ],
)
def test_bad_config_names_file_and_line(start, scene, tmp_path, line, messages):
    config = tmp_path / "mine.py"
    base = os.path.relpath(NGP, tmp_path)
    config.write_text(f"_base_ = {base!r}\ndataset = dict(root={str(scene)!r})\n{line}\n")
    start(status=2, messages=["mine.py:3", *messages], config=config)


@pytest.mark.parametrize(
    ("override", "messages"),
    [
        ("total_step=5", ["unknown key 'total_step'", "Did you mean 'total_steps'?"]),
        ("optim.lrr=1", ["override 'optim.lrr=1'", "Did you mean 'lr'?"]),
        ("renderer.backgroud=None", ["override 'renderer.backgroud=None'", "'background'?"]),
        ("encoder.pos_encodr.n_levels=4", ["pos_encodr", "Did you mean 'pos_encoder'?"]),
        ("ema.type=EMAA", ["override 'ema.type=EMAA'", "Did you mean 'EMA'?"]),
        ("evaluation.n_image=2", ["override 'evaluation.n_image=2'", "'n_images'?"]),
        ("total_steps", ["write key=value"]),
    ],
)
def test_a_typo_in_an_override(start, scene, override, messages):
    start(f"dataset.root={scene}", override, status=2, messages=messages)


def test_a_second_start_without_resume(start, scene):
    start(f"dataset.root={scene}", "total_steps=1")
    messages = ["already holds a run", "--resume", "--save-dir"]
    start(f"dataset.root={scene}", "total_steps=2", status=2, messages=messages)
    start(f"dataset.root={scene}", "total_steps=2", "--resume")


def test_a_checkpoint_of_another_architecture(start, scene, tmp_path):
    start(f"dataset.root={scene}", "total_steps=1")
    other = [f"dataset.root={scene}", "network.hidden_width=32"]
    told = ["since its weights are of other settings", "network.hidden_width: 32 here, 64 in the"]
    start(*other, "--task", "test", status=2, messages=told)
    start(*other, "--resume", "total_steps=2", status=2, messages=told)
    (tmp_path / "runs/ngp_lego/config.py").unlink()  # of a run without a record, the tensors tell
    messages = [
        "step_00000001.safetensors is of another architecture",
        "network.density_mlp",
        "in the config's network",
    ]
    start(*other, "--task", "test", status=2, messages=messages)
    start(*other, "--resume", "total_steps=2", status=2, messages=messages)


@pytest.mark.parametrize(
    "task", [["--resume", "total_steps=2"], ["--task", "test"], ["--task", "render"]]
)
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("dataset.scale=0.5", "dataset.scale: 0.5 here, 0.33 in the run"),
        ("dataset.aabb_scale=2.0", "dataset.aabb_scale: 2.0 here, 1.0 in the run"),
        ("dataset.root={other}", "5 training images, 4 then"),
    ],
)
def test_a_checkpoint_of_another_placement_or_scene(start, scene, tmp_path, task, other, message):
    start(f"dataset.root={scene}", "total_steps=1")
    folder = tmp_path / "runs/ngp_lego"
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    other = other.format(other=make_tiny_blender(tmp_path / "other", n=5))
    start(f"dataset.root={scene}", other, *task, status=2, messages=[message, "the run's own config"])
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_cameras_that_look_past_the_box(start, scene, tmp_path):
    def turn(data):
        for frame in data["frames"]:
            pose = np.array(frame["transform_matrix"]) * [1, -1, -1, 1]
            frame["transform_matrix"] = pose.tolist()

    edit(scene, turn)
    told = [
        "0 of 4 training cameras see the field's box",
        "Most likely the poses have OpenCV's axes",
    ]
    start(f"dataset.root={scene}", status=2, messages=[f"{scene} (transforms_train.json)", *told])
    assert not (tmp_path / "runs").exists()


def test_a_truncated_checkpoint_falls_back_to_the_one_before(start, scene, tmp_path):
    start(f"dataset.root={scene}", "total_steps=3")
    folder = tmp_path / "runs/ngp_lego/checkpoints"
    os.truncate(folder / "step_00000003.safetensors", 5000)
    messages = ["step_00000003.safetensors is truncated", "falling back to the one before"]
    start(f"dataset.root={scene}", "total_steps=4", "--resume", messages=messages)
    assert checkpoints.load_latest(folder).step == 4
    for path in checkpoints.checkpoint_paths(folder):
        os.truncate(path, 5000)
    messages = [f"every checkpoint in {folder} is damaged"]
    start(f"dataset.root={scene}", "--task", "test", status=2, messages=messages)


def test_a_full_disk_keeps_the_last_good_checkpoint(start, scene, tmp_path, monkeypatch):
    real = checkpoints.save_file

    def full_at_step_2(arrays, path, meta):
        real(arrays, path, meta)
        if "step_00000002" in str(path):
            os.truncate(path, 4096)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoints, "save_file", full_at_step_2)
    messages = ["No space left on device", "last good checkpoint is", "step_00000001.safetensors"]
    start(f"dataset.root={scene}", "total_steps=3", status=2, messages=[*messages, "--resume"])
    folder = tmp_path / "runs/ngp_lego/checkpoints"
    assert [path.name for path in folder.iterdir()] == ["step_00000001.safetensors"]
    monkeypatch.undo()
    start(f"dataset.root={scene}", "total_steps=3", "--resume")
    assert checkpoints.load_latest(folder).step == 3


def test_a_full_disk_under_the_log(start, scene, monkeypatch):
    real = JsonLog.__init__

    def on_a_full_disk(self, *arguments, **keywords):
        real(self, *arguments, **keywords)
        self._file = open("/dev/full", "wb", buffering=0)

    monkeypatch.setattr(JsonLog, "__init__", on_a_full_disk)
    messages = ["cannot write", "ngp_lego/log.jsonl", "No space left on device", "--resume"]
    start(f"dataset.root={scene}", "total_steps=2", status=1, messages=messages)
    monkeypatch.undo()
    start(f"dataset.root={scene}", "total_steps=2")


def test_a_file_where_the_pictures_go(start, scene, tmp_path):
    start(f"dataset.root={scene}", "total_steps=1")
    (tmp_path / "runs/ngp_lego/test").write_text("in the way")
    messages = ["File exists", "runs/ngp_lego/test", "--save-dir"]
    start(f"dataset.root={scene}", "--task", "test", status=1, messages=messages)


def test_a_save_dir_that_cannot_be_written_is_told_before_the_scene_is_read(start, tmp_path):
    (tmp_path / "runs").write_text("in the way")
    messages = ["cannot write", "runs is no folder", "--save-dir"]
    start("dataset.root=nowhere", status=2, messages=messages)


@pytest.mark.parametrize("task", ["test", "render"])
def test_a_run_folder_without_checkpoints(start, scene, tmp_path, task):
    messages = ["no checkpoint in", "Train first", "--save-dir"]
    start(f"dataset.root={scene}", "--task", task, status=2, messages=messages)
    assert not (tmp_path / "runs").exists()
    (tmp_path / "runs/ngp_lego").mkdir(parents=True)
    start(f"dataset.root={scene}", "--task", task, status=2, messages=messages)
    start(
        f"dataset.root={scene}",
        "--task",
        task,
        "--checkpoint",
        tmp_path,
        status=2,
        messages=["no checkpoint"],
    )


def test_training_in_an_empty_run_folder_just_starts(start, scene, tmp_path):
    (tmp_path / "runs/ngp_lego/checkpoints").mkdir(parents=True)
    start(f"dataset.root={scene}", "total_steps=1", "--resume")
    assert checkpoints.load_latest(tmp_path / "runs/ngp_lego/checkpoints").step == 1


def test_resuming_past_a_damaged_run_json_and_log(start, scene, tmp_path):
    start(f"dataset.root={scene}", "total_steps=1")
    (tmp_path / "runs/ngp_lego/run.json").write_text("[1, 2")
    (tmp_path / "runs/ngp_lego/log.jsonl").write_bytes(b"\xff\x00{")
    start(f"dataset.root={scene}", "total_steps=2", "--resume")
