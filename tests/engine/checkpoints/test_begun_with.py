"""A run that begins with the checkpoint of another: how it is stopped, gone on with, and saved."""

import json
import shutil
import warnings

import pytest

from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.hooks import Hook
from jnerf.engine.logging import read_log
from jnerf.engine.run import run
from jnerf.errors import CheckpointError, ConfigError


class AtOnce(Hook):
    """Ends a training before its first step."""

    def begin(self, trainer):
        trainer.request_stop()


@pytest.fixture
def other(tiny, folder):
    """The checkpoint of a run of six steps."""
    run(tiny("exp_name=other", "total_steps=6"), "train")
    return folder.with_name("other") / "checkpoints/step_00000006.safetensors"


def saved(folder):
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_the_same_command_with_resume_goes_on_from_its_own(tiny, folder, other, capfd):
    command = "total_steps=20", "loss.sigint_at=16", "log_every=1"
    assert run(tiny(*command), "train", checkpoint=other)["step"] == 17
    assert "--checkpoint" not in capfd.readouterr().out
    other.unlink()  # it is not needed any more
    assert run(tiny(*command), "train", checkpoint=other, resume=True)["step"] == 20
    assert f"--checkpoint {other} is not read" in capfd.readouterr().out
    assert saved(folder) == [f"step_000000{step}.safetensors" for step in (17, 20)]
    sessions = json.loads((folder / "run.json").read_text())["sessions"]
    assert [session["from_step"] for session in sessions] == [6, 17]
    rows = read_log(folder / "log.jsonl")
    assert [row["step"] for row in rows if "loss" in row] == list(range(7, 21))


def test_it_is_compared_with_its_own_run_then(tiny, folder, other):
    with pytest.warns(UserWarning, match="not as in the run .*other: optim.lr"):
        run(tiny("total_steps=8", "optim.lr=1.0"), "train", checkpoint=other)
    # What the first start was told of the other run is no news, and no difference.
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        run(tiny("total_steps=9", "optim.lr=1.0"), "train", checkpoint=other, resume=True)


def test_with_resume_it_begins_where_nothing_was_saved_yet(tiny, folder, other):
    run(tiny("total_steps=8"), "train", checkpoint=other, resume=True)
    assert json.loads((folder / "run.json").read_text())["from_step"] == 6
    for path in (folder / "checkpoints").iterdir():
        path.write_text("a disk failed")
    with pytest.raises(CheckpointError, match="every checkpoint in .* is damaged"):
        run(tiny("total_steps=8"), "train", checkpoint=other, resume=True)


def test_stopped_before_the_first_step_it_is_saved(tiny, folder, other, capfd):
    done = run(tiny(), "train", checkpoint=other, hooks=[AtOnce()])
    assert done["step"] == 6 and not done["complete"]
    assert saved(folder) == ["step_00000006.safetensors"]
    assert "saved as" in capfd.readouterr().out
    assert (load_latest(folder / "checkpoints").state.keys()) > {"network.table"}
    assert run(tiny(), "train", resume=True)["step"] == 12
    assert json.loads((folder / "run.json").read_text())["sessions"][1]["from_step"] == 6


def test_killed_before_it_saved_it_does_not_begin_anew_at_0_in_silence(tiny, folder, other):
    run(tiny(), "train", checkpoint=other, hooks=[AtOnce()])
    shutil.rmtree(folder / "checkpoints")
    with pytest.raises(ConfigError, match="its run began at step 6, .* Give --checkpoint as before"):
        run(tiny(), "train", resume=True)
    assert run(tiny(), "train", checkpoint=other, resume=True)["step"] == 12


def test_with_nothing_to_train_it_has_the_weights(tiny, folder, other):
    assert run(tiny("total_steps=6"), "train", checkpoint=other)["complete"]
    assert saved(folder) == ["step_00000006.safetensors"]


def test_a_run_that_goes_on_does_not_save_again_what_lies_there(tiny, folder):
    run(tiny("total_steps=6"), "train")
    file = folder / "checkpoints/step_00000006.safetensors"
    before = file.stat().st_mtime_ns
    run(tiny(), "train", resume=True, hooks=[AtOnce()])
    assert file.stat().st_mtime_ns == before
