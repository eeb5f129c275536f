import json
import os
import subprocess
import sys
from pathlib import Path
from signal import SIGINT

import numpy as np
import pytest
from safetensors.numpy import load_file

from jnerf.engine.checkpoints.checkpoint import checkpoint_paths
from jnerf.engine.logging import read_log
from jnerf.engine.run import run
from jnerf.engine.trainer import Trainer, evaluation_steps
from jnerf.engine.watching.clock import TrainingClock
from jnerf.errors import ConfigError, TrainingError

ROOT = Path(__file__).resolve().parents[2]


def test_a_run_trains_logs_saves_and_tests(tiny, folder):
    config = tiny("total_steps=60", "evaluation.steps=[10]", "log_every=20")
    done = run(config, "train")
    assert done["complete"] and done["step"] == 60
    rows = read_log(folder / "log.jsonl")
    train = [row for row in rows if "loss" in row]
    assert [row["step"] for row in train] == [1, 20, 40, 60]
    assert train[-1]["loss"] < 0.7 * train[0]["loss"]
    keys = {"step", "seconds", "loss/rgb", "loss", "psnr", "rays", "samples", "samples_per_s", "lr"}
    assert set(train[-1]) == keys
    assert (train[-1]["rays"], train[-1]["samples"], train[-1]["lr"]) == (64, 512, 5.0)
    evals = [row for row in rows if "eval" in row]
    assert [row["step"] for row in evals] == [10, 60]
    assert {"psnr", "psnr_white", "ssim", "n_images"} <= set(evals[0]["eval"])
    assert evals[1]["eval"]["psnr"] == pytest.approx(done["mean"]["psnr"])
    assert [p.name for p in checkpoint_paths(folder / "checkpoints")] == [
        "step_00000060.safetensors",
        "step_00000055.safetensors",
    ]
    info = json.loads((folder / "run.json").read_text())
    assert info["seed"] == 7 and info["machine"]["cores"] >= 1 and "jittor" in info["versions"]
    assert info["protocol"]["test_split"] == "test" and "commit" in info["git"]


def test_the_sum_of_the_terms_is_the_loss(tiny, folder):
    loss = 'loss=dict(_delete_=True,a=dict(type="FakeLoss",weight=0.25),b=dict(type="FakeLoss"))'
    run(tiny(loss, "total_steps=4"), "train")
    row = read_log(folder / "log.jsonl")[0]
    assert row["loss/a"] == pytest.approx(0.25 * row["loss/b"])
    assert row["loss"] == pytest.approx(row["loss/a"] + row["loss/b"])


def test_the_dumped_config_runs_again(tiny, folder, tmp_path):
    run(tiny("total_steps=4"), "train")
    from jnerf.config import load_config

    again = load_config(folder / "config.py", [f"save_dir={tmp_path}/again"])
    run(again, "train")
    first = load_file(folder / "checkpoints/step_00000004.safetensors")
    second = load_file(tmp_path / "again/tiny/checkpoints/step_00000004.safetensors")
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("signal", ["sigint", "sigterm"])
def test_a_signal_saves_and_leaves_cleanly(tiny, folder, signal):
    done = run(tiny(f"loss.{signal}_at=6"), "train")
    assert not done["complete"] and done["step"] == 7
    assert checkpoint_paths(folder / "checkpoints")[0].name == "step_00000007.safetensors"
    assert not (folder / "test").exists()
    assert run(tiny(), "train", resume=True)["step"] == 12


def test_ctrl_c_ends_a_process_with_status_0(tiny, folder):
    # In a process of its own: the handler must hold against the one that Jittor installs.
    tiny_py = Path(__file__).parent / "configs" / "tiny.py"
    code = (
        "import jnerf\nfrom jnerf.config import load_config\nfrom jnerf.engine.run import run\n"
        f"config = load_config({str(tiny_py)!r}, ['save_dir={folder.parent}', 'loss.sigint_at=6'])\n"
        "assert run(config, 'train')['step'] == 7"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "finishing this step" in done.stdout + done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("at", "kept"), [(0, "Nothing was saved yet"), (7, "The last saved is step 5")]
)
def test_ctrl_c_that_also_kills_the_compilers(tiny, folder, monkeypatch, at, kept):
    real = Trainer._train_step

    def fail(self, step, watch):
        if step == at:
            os.kill(os.getpid(), SIGINT)
            raise RuntimeError("Run cmd failed: g++ ...")  # as Jittor does
        return real(self, step, watch)

    monkeypatch.setattr(Trainer, "_train_step", fail)
    with pytest.raises(KeyboardInterrupt, match=f"step {at + 1} cannot be finished. {kept}"):
        run(tiny(), "train")
    monkeypatch.undo()
    # Without a step to lose, the next start needs no --resume.
    assert run(tiny(), "train", resume=at > 0)["step"] == 12


def test_any_other_failure_of_a_step_is_not_taken_for_ctrl_c(tiny, monkeypatch):
    def fail(self, step, watch):
        raise RuntimeError("no more memory")

    monkeypatch.setattr(Trainer, "_train_step", fail)
    with pytest.raises(RuntimeError, match="no more memory"):
        run(tiny(), "train")


def test_nan_names_the_term_and_the_step_and_is_not_saved(tiny, folder):
    loss = 'loss=dict(_delete_=True,rgb=dict(type="FakeLoss"),bad=dict(type="FakeLoss",nan_at=7))'
    with pytest.raises(
        TrainingError, match=r"loss term 'bad' is nan at step 8.*last good checkpoint is step 5"
    ):
        run(tiny(loss), "train")
    assert [p.name for p in checkpoint_paths(folder / "checkpoints")] == [
        "step_00000005.safetensors"
    ]


def test_nan_before_a_checkpoint_is_seen_between_log_rows(tiny, folder):
    with pytest.raises(TrainingError, match="is nan at step 10"):
        run(tiny("loss.nan_at=9", "log_every=100"), "train")


def test_weights_that_are_not_finite_are_never_saved(tiny, folder):
    with pytest.raises(TrainingError, match=r"not finite after step 5: network\.table \("):
        run(tiny("optim.explode_at=4", "log_every=100"), "train")
    assert not checkpoint_paths(folder / "checkpoints")


def test_the_sampler_may_set_the_number_of_rays(tiny, folder):
    run(tiny("sampler.n_rays=24", "total_steps=4"), "train")
    assert read_log(folder / "log.jsonl")[-2]["rays"] == 24


def test_a_missing_channel_is_an_error_before_step_0(tiny, folder):
    with pytest.raises(
        ConfigError, match="requires 'normals'.*FakeNetwork.*Provided by: .*network NormalNetwork"
    ):
        run(tiny("renderer.type=NormalRenderer"), "train")
    with pytest.raises(
        ConfigError, match="loss.rgb: DepthLoss requires 'true_depths'.*No registered module"
    ):
        run(tiny("loss.type=DepthLoss"), "train")
    assert not folder.exists()


def test_evaluation_steps():
    assert evaluation_steps({"steps": [5, 12]}, 12) == {5}
    assert evaluation_steps({"steps": [5, 12], "at_end": False}, 12) == {5, 12}
    assert evaluation_steps({"steps": [], "every": 4}, 12) == {4, 8}


def test_the_clock_charges_compiling_steps_an_ordinary_step():
    time, version = [0.0], [0]
    clock = TrainingClock(100.0, version=lambda: version[0], now=lambda: time[0])

    def step(seconds, compiles=False):
        with clock.step():
            time[0] += seconds
            version[0] += compiles

    step(60.0, compiles=True)
    assert clock.seconds == 100.0
    step(2.0)
    assert clock.seconds == 104.0
    time[0] += 1000.0  # an evaluation
    step(3.0)
    step(50.0, compiles=True)
    assert clock.seconds == 110.0
    step(1.0)
    assert clock.seconds == 109.0


def test_jittor_compiling_changes_the_folder_version_and_running_does_not():
    import os

    import jittor as jt

    from jnerf.engine.watching.clock import jit_folder_version

    def run_kernel(text):
        jt.code([2], "float32", [jt.ones(2)], cpu_src=f"; out0_p[0] = out0_p[1] = {text};").sync()

    fresh = f"{os.getpid()} + {int.from_bytes(os.urandom(3), 'big')}"
    before = jit_folder_version()
    run_kernel(fresh)
    compiled = jit_folder_version()
    assert compiled != before
    run_kernel(fresh)
    assert jit_folder_version() == compiled
