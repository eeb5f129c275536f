import json
import subprocess
import sys

import pytest

from jnerf.engine.logging import JsonLog, read_log, to_json
from jnerf.engine.run import run
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import CheckpointError, ConfigError


def test_a_second_run_never_overwrites_the_first(tiny, folder):
    run(tiny(), "train")
    before = (folder / "log.jsonl").read_bytes()
    with pytest.raises(ConfigError, match=r"logs/tiny already holds a run.*--resume.*--save-dir"):
        run(tiny(), "train")
    assert (folder / "log.jsonl").read_bytes() == before


def test_a_start_that_trained_nothing_leaves_the_folder_free(tiny, folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("jnerf.engine.trainer.Trainer.train", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(tiny(), "train")
    assert (folder / "config.py").is_file() and not RunFolder(folder).holds_run
    assert run(tiny(), "train")["step"] == 12
    assert len(json.loads((folder / "run.json").read_text())["sessions"]) == 1


def test_resume_of_nothing_starts_from_the_beginning(tiny):
    assert run(tiny(), "train", resume=True)["step"] == 12


def test_resume_of_a_complete_run_trains_no_step(tiny, folder):
    run(tiny(), "train")
    checkpoint = folder / "checkpoints/step_00000012.safetensors"
    before = checkpoint.read_bytes()
    assert run(tiny(), "train", resume=True)["step"] == 12
    assert checkpoint.read_bytes() == before


def test_save_dir_holds_the_run_folders(tiny, tmp_path):
    done = run(tiny("total_steps=2"), "train", save_dir=tmp_path / "elsewhere")
    assert done["folder"] == str(tmp_path / "elsewhere" / "tiny")
    assert (tmp_path / "elsewhere/tiny/run.json").is_file()


def test_each_start_is_a_session(tiny, folder):
    run(tiny("loss.sigint_at=6"), "train")
    run(tiny(), "train", resume=True)
    info = json.loads((folder / "run.json").read_text())
    assert [session["from_step"] for session in info["sessions"]] == [0, 7]
    assert info["command"] == info["sessions"][0]["command"]
    steps = [row["step"] for row in read_log(folder / "log.jsonl") if "loss" in row]
    assert steps == [1, 4, 8, 12]


def test_resuming_drops_rows_beyond_the_checkpoint_and_torn_lines(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 10, "loss": 1}\n{"step": 20, "loss": 2}\n{"step": 30, "lo')
    log = JsonLog(path, keep_until=10)
    log.write({"step": 20, "loss": 3})
    log.close()
    assert read_log(path) == [{"step": 10, "loss": 1}, {"step": 20, "loss": 3}]


def test_json_has_no_nan():
    assert json.loads(to_json({"a": [float("nan"), 1.5], "b": (float("inf"),)})) == {
        "a": [None, 1.5],
        "b": [None],
    }


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write .*file is no folder.*--save-dir"):
        RunFolder(tmp_path / "file" / "run").begin("", {}, 0, resume=False)


def test_a_run_within_another_is_refused(tiny, folder):
    run(tiny(), "train")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ConfigError, match=r"tiny/test lies in the folder of another run, .*/tiny,"):
        run(tiny("exp_name=tiny/test"), "train")
    with pytest.raises(ConfigError, match="lies in the folder of another run"):
        run(tiny("exp_name=b"), "train", save_dir=folder / "render" / "deep")
    assert sorted(folder.rglob("*")) == before


def test_a_run_around_another_is_refused(tiny, folder):
    run(tiny("exp_name=group/one"), "train")
    assert run(tiny("exp_name=group/two"), "train")["complete"]  # side by side they may lie
    with pytest.raises(ConfigError, match="logs/group holds the folder of another run, .*group/"):
        run(tiny("exp_name=group"), "train")
    assert run(tiny("exp_name=group/one"), "train", resume=True)["complete"]


def test_testing_an_untrained_run_and_an_unknown_task(tiny, folder):
    with pytest.raises(CheckpointError, match="Train first"):
        run(tiny(), "test")
    with pytest.raises(ConfigError, match="unknown task 'fly'; choose one of train, test, render"):
        run(tiny(), "fly")
    assert not folder.exists()


def test_two_processes_never_train_in_one_folder(tiny, folder):
    run(tiny(), "train")
    claim = f"from jnerf.engine.run_folder import RunFolder; r = RunFolder(__import__('pathlib').Path({str(folder)!r}))"
    hold = f"{claim}; r.begin('', {{}}, 0, True); print('held', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=r"another process is training in .*logs/tiny"):
            run(tiny(), "train", resume=True)
    finally:
        other.communicate("\n", timeout=60)
    assert run(tiny(), "train", resume=True)["step"] == 12  # free again


def test_a_damaged_record_is_kept_aside(tiny, folder):
    run(tiny("loss.sigint_at=6"), "train")
    for damage in (b"{\xff", b'{"sessions": 3}', b"[" * 100_000):
        (folder / "run.json").write_bytes(damage)
        with pytest.warns(UserWarning, match="run.json is damaged: it is kept as run.json.damaged"):
            run(tiny("loss.sigint_at=8"), "train", resume=True)
        assert (folder / "run.json.damaged").read_bytes() == damage
        assert len(json.loads((folder / "run.json").read_text())["sessions"]) == 1


def test_the_last_row_is_written_if_the_process_died_before_it(tiny, folder):
    run(tiny(), "train")
    whole = read_log(folder / "log.jsonl")
    text = (folder / "log.jsonl").read_text().splitlines(keepends=True)
    (folder / "log.jsonl").write_text("".join(text[:-1]))
    run(tiny(), "train", resume=True)
    again = read_log(folder / "log.jsonl")
    assert [row["step"] for row in again] == [row["step"] for row in whole]
    assert again[-1]["eval"]["psnr"] == whole[-1]["eval"]["psnr"]
