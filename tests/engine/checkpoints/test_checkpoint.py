import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from jnerf.engine.checkpoints import checkpoint as module
from jnerf.engine.checkpoints.checkpoint import (
    Checkpoint,
    checkpoint_paths,
    load_checkpoint,
    load_latest,
    save_checkpoint,
    tidy,
)
from jnerf.engine.run import run
from jnerf.errors import CheckpointError

ROOT = Path(__file__).resolve().parents[3]


def make(step, size=1000):
    rng = np.random.default_rng(step)
    state = {
        "network.w": rng.normal(size=(size, 4)).astype(np.float32),
        "optim.counts": rng.integers(0, 9, size).astype(np.int64),
        "sampler.bits": rng.integers(0, 255, 7).astype(np.uint8),
        "sampler.none": np.zeros((0, 3), np.float32),
        "ema.n": np.array(step),
    }
    return Checkpoint(step, 1337, 12.5 + step, state)


def test_round_trip_keeps_every_bit_and_dtype(tmp_path):
    saved = make(30)
    loaded = load_checkpoint(save_checkpoint(tmp_path, saved, keep=3))
    assert (loaded.step, loaded.seed, loaded.seconds) == (30, 1337, 42.5)
    assert set(loaded.state) == set(saved.state)
    for name, array in saved.state.items():
        assert loaded.state[name].dtype == array.dtype and np.array_equal(loaded.state[name], array)
    assert set(loaded.part("sampler")) == {"bits", "none"}


def test_others_may_read_it_as_the_umask_says(tmp_path):
    old = os.umask(0o027)
    try:
        path = save_checkpoint(tmp_path, make(1), keep=1)
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640


def test_an_array_that_is_not_contiguous(tmp_path):
    wide = np.arange(12, dtype=np.float32).reshape(3, 4).T
    path = save_checkpoint(tmp_path, Checkpoint(1, 0, 0.0, {"network.w": wide}), keep=1)
    assert np.array_equal(load_checkpoint(path).state["network.w"], wide)


def test_only_the_newest_are_kept_in_order_of_step(tmp_path):
    for step in (999_999, 1_000_000, 100_000_000):
        save_checkpoint(tmp_path, make(step, 1), keep=2)
    steps = [load_checkpoint(path).step for path in checkpoint_paths(tmp_path)]
    assert steps == [100_000_000, 1_000_000]


def test_nothing_saved_yet(tmp_path):
    assert load_latest(tmp_path / "absent") is None
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("left", [0, 5, 200, 15_000])
def test_a_truncated_checkpoint_falls_back_to_the_one_before(tmp_path, left):
    save_checkpoint(tmp_path, make(10), keep=3)
    os.truncate(save_checkpoint(tmp_path, make(20), keep=3), left)
    with pytest.warns(RuntimeWarning, match=r"step_00000020.*(truncated|corrupt).*one before"):
        assert load_latest(tmp_path).step == 10


def test_a_flipped_bit_is_found(tmp_path):
    save_checkpoint(tmp_path, make(10), keep=3)
    path = save_checkpoint(tmp_path, make(20), keep=3)
    data = bytearray(path.read_bytes())
    data[-5000] ^= 1
    path.write_bytes(data)
    with pytest.warns(RuntimeWarning, match="checksum"):
        assert load_latest(tmp_path).step == 10


def test_all_damaged_is_an_error(tmp_path):
    os.truncate(save_checkpoint(tmp_path, make(10), keep=3), 100)
    with pytest.warns(RuntimeWarning), pytest.raises(CheckpointError, match="every checkpoint"):
        load_latest(tmp_path)


def test_a_folder_is_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match="it is a folder. Name a file"):
        load_checkpoint(tmp_path)


def test_a_foreign_safetensors_file(tmp_path):
    save_file({"w": np.ones(3, np.float32)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="not a checkpoint of this jnerf"):
        load_checkpoint(tmp_path / "foreign.safetensors")


def test_a_damaged_newer_checkpoint_never_pushes_out_a_good_one(tmp_path):
    save_checkpoint(tmp_path, make(30), keep=1)
    os.truncate(save_checkpoint(tmp_path, make(60), keep=2), 100)
    with pytest.warns(RuntimeWarning):
        assert load_latest(tmp_path).step == 30
    tidy(tmp_path, 30)
    save_checkpoint(tmp_path, make(40), keep=1)
    assert load_latest(tmp_path).step == 40
    assert (tmp_path / "step_00000060.safetensors.damaged").exists()


def test_litter_of_a_killed_process_is_removed(tmp_path):
    (tmp_path / ".step_00000010.safetensors.123.tmp").write_bytes(b"half")
    tidy(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path):
    # A real failing write: the process may not make files beyond 64 KiB.
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from jnerf.engine.checkpoints.checkpoint import save_checkpoint
from jnerf.errors import CheckpointError
from test_checkpoint import make
save_checkpoint(Path({str(tmp_path)!r}), make(10), 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    save_checkpoint(Path({str(tmp_path)!r}), make(20, 100_000), 1)
except CheckpointError as error:
    print(error)
    sys.exit(7)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 7, done.stderr
    assert "step_00000020" in done.stdout and "Free disk space" in done.stdout
    assert "last good checkpoint is" in done.stdout and "step_00000010" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000010.safetensors"]
    assert load_latest(tmp_path).step == 10


def test_a_kill_between_write_and_rename_changes_nothing(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, make(10), keep=1)
    monkeypatch.setattr(
        "jnerf.files.os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, make(20), keep=1)
    assert [path.name for path in tmp_path.iterdir()] == ["step_00000010.safetensors"]


def test_a_full_disk_during_a_run_is_one_clear_error(tiny, folder, monkeypatch):
    real, saved = module.save_file, []

    def fail_at_second(*arguments):
        saved.append(1)
        if len(saved) == 2:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(module, "save_file", fail_at_second)
    with pytest.raises(CheckpointError, match="No space left on device.*step_00000005.*--resume"):
        run(tiny(), "train")
    monkeypatch.undo()
    assert run(tiny(), "train", resume=True)["step"] == 12


def test_another_architecture_names_tensors_and_shapes(tiny, folder):
    run(tiny(), "train")
    (folder / "config.py").unlink()  # which would have told first
    with pytest.raises(
        CheckpointError,
        match=r"(?s)another architecture.*network\.table: \[64, 4\] in the checkpoint, \[27, 4\] in the config",
    ):
        run(tiny("network.cells=3"), "train", resume=True)
    with pytest.raises(
        CheckpointError, match=r"ema\.average\.0: \[64, 4\] in the checkpoint, absent"
    ):
        run(tiny('ema=dict(type="ClockAverage")'), "test")


def test_another_seed_is_refused(tiny):
    from jnerf.errors import ConfigError

    run(tiny(), "train")
    with pytest.raises(ConfigError, match="seed 7, the config has seed 8"):
        run(tiny("seed=8"), "train", resume=True)


def test_a_run_resumes_past_a_damaged_checkpoint(tiny, folder, tmp_path):
    run(tiny(), "train")
    straight = load_file(folder / "checkpoints/step_00000012.safetensors")
    os.truncate(folder / "checkpoints/step_00000012.safetensors", 300)
    with pytest.warns(RuntimeWarning, match="falling back"):
        run(tiny(), "train", resume=True)
    again = load_file(folder / "checkpoints/step_00000012.safetensors")
    assert all(np.array_equal(straight[name], again[name]) for name in straight)
