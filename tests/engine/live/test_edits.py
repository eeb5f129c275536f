"""Settings re-read while a run trains, by a signal, without a viewer."""

import json
import os
import signal
import warnings

import pytest

from jnerf.config import load_config
from jnerf.engine.hooks import Hook
from jnerf.engine.live.changes import change, take_config
from jnerf.engine.live.edits import LiveEdits
from jnerf.engine.live.rules import CHANGEABLE, reason
from jnerf.engine.logging import read_log
from jnerf.engine.run import run
from jnerf.errors import ConfigError, JnerfError


class AtStep(Hook):
    """Does things after steps.

    Args:
        what: functions of the trainer by step.
    """

    def __init__(self, what):
        self.what = what

    def after_step(self, trainer):
        if trainer.step in self.what:
            self.what[trainer.step](trainer)


@pytest.fixture
def edited(tiny, tmp_path):
    """A config file that can be edited, its text, and how it is loaded anew."""
    path = tmp_path / "mine.py"
    text = tiny("total_steps=9", "log_every=1", "optim.lr=5.0").dump()
    path.write_text(text)
    return path, text, lambda: load_config(path)


def test_a_signal_re_reads_the_config_file(edited, folder, capfd):
    path, text, load = edited

    def edit(trainer):
        assert "lr=5.0" in text and "log_every = 1\n" in text
        path.write_text(
            text.replace("lr=5.0", "lr=0.5").replace("log_every = 1\n", "log_every = 2\n")
            + "\nn_rays = 32\n"
        )
        os.kill(os.getpid(), signal.SIGUSR1)

    edits = LiveEdits(load)
    run(load(), "train", hooks=[AtStep({3: edit}), edits])
    rows = read_log(folder / "log.jsonl")
    assert [row["lr"] for row in rows if "loss" in row] == [5.0, 5.0, 5.0, 0.5, 0.5, 0.5, 0.5]
    assert [row["step"] for row in rows if "loss" in row] == [1, 2, 3, 4, 6, 8, 9]
    changed = {"optim.lr": [5.0, 0.5], "log_every": [1, 2]}
    event = next(row for row in rows if "event" in row)
    assert (event["step"], event["event"]) == (3, "settings") and event["changed"] == changed
    noted = json.loads((folder / "run.json").read_text())["sessions"][0]["live_changes"]
    assert noted == [{"step": 3, "changed": changed}]
    told = capfd.readouterr().out
    assert "step 3: optim.lr: 5.0 -> 0.5" in told
    assert "step 3: n_rays stays: it was used when the run began" in told
    assert "step 3: no kernel has been edited" in told
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


@pytest.mark.parametrize(
    "text, said",
    [
        ("optim = dict(type='FakeMomentum', lr=)", "syntax error"),
        ("optim = dict(type='FakeMomentum', lr='fast')", "optim.lr"),
        ("nonsense = 3", "nonsense"),
    ],
)
def test_a_wrong_edit_is_told_and_the_run_goes_on(edited, folder, capfd, text, said):
    path, before, load = edited

    def edit(trainer):
        path.write_text(f"{before}\n{text}\n")
        os.kill(os.getpid(), signal.SIGUSR1)

    assert run(load(), "train", hooks=[AtStep({3: edit}), LiveEdits(load)])["complete"]
    told = capfd.readouterr().out
    line = next(line for line in told.splitlines() if "the config stays as it was" in line)
    assert said in line and "mine.py" in line
    rows = read_log(folder / "log.jsonl")
    assert all("event" not in row for row in rows) and rows[-2]["lr"] == 5.0


def test_what_cannot_change_says_why(tiny):
    found = {}

    def edit(trainer):
        values = {"loss.weight": 2.0, "network.type": "Other", "total_steps": 5000}
        values |= {"evaluation.every": 4}
        outcome = change(trainer, {k: v for k, v in values.items() if k != "network.type"})
        found.update(outcome.refused)
        found["changed"] = outcome.changed
        with pytest.raises(ConfigError, match="unknown network 'Other'"):
            change(trainer, {"network.type": "Other"})
        with pytest.raises(ConfigError, match="no block 'nothing'"):
            change(trainer, {"nothing.there": 1})

    run(tiny("total_steps=8"), "train", hooks=[AtStep({2: edit})])
    assert found["total_steps"].startswith("schedules and modules were checked")
    assert found["changed"] == {"loss.weight": (1.0, 2.0), "evaluation.every": (None, 4)}


def test_a_changed_evaluation_is_made(tiny, folder):
    run(
        tiny("total_steps=8"),
        "train",
        hooks=[AtStep({2: lambda t: change(t, {"evaluation.every": 4})})],
    )
    assert [row["step"] for row in read_log(folder / "log.jsonl") if "eval" in row] == [4, 8]


TERMS = "loss=dict(_delete_=True, a=dict(type='FakeLoss'), b=dict(type='FakeLoss', weight=0.5))"


@pytest.mark.parametrize(
    ("before", "after", "stay"),
    [
        ([TERMS], [TERMS, "loss.new=dict(type='FakeLoss', weight=0.1)"], ["loss.new.weight"]),
        ([TERMS], [TERMS, "loss.b=None"], ["loss.b.weight"]),
        (["loss.weight=2.0"], [TERMS], ["loss.weight", "loss.a.weight", "loss.b.weight"]),
        ([TERMS], ["loss.weight=2.0"], ["loss.weight", "loss.a.weight", "loss.b.weight"]),
    ],
)
def test_terms_of_the_loss_do_not_come_and_go(tiny, before, after, stay):
    found = []
    wanted = tiny(*after, "total_steps=4", "log_every=1")
    edit = AtStep({2: lambda trainer: found.append(take_config(trainer, wanted))})
    assert run(tiny(*before, "total_steps=4"), "train", hooks=[edit])["complete"]
    (outcome,) = found
    assert outcome.changed == {"log_every": (4, 1)}
    assert all("when they are built" in outcome.refused[path] for path in stay)


def test_a_learning_rate_of_another_optimiser_stays(tiny):
    def edit(trainer):
        told.append(take_config(trainer, tiny("optim=dict(_delete_=True, type='Adam')")))

    told = []
    run(tiny("total_steps=3", "optim.lr=0.5"), "train", hooks=[AtStep({2: edit})])
    assert not told[0].changed and "keeps numbers" in told[0].refused["optim.lr"]


def test_evaluations_need_the_test_split_of_the_start(tiny, folder):
    found = []
    values = {"evaluation.every": 3, "evaluation.steps": [5], "evaluation.n_images": 1}
    edit = AtStep({2: lambda trainer: found.append(change(trainer, values))})
    assert run(tiny("evaluation.at_end=False"), "train", hooks=[edit])["complete"]
    (outcome,) = found
    assert outcome.changed == {"evaluation.n_images": (2, 1)}
    assert set(outcome.refused) == {"evaluation.every", "evaluation.steps"}
    assert "began without a test split" in outcome.refused["evaluation.every"]
    assert all("eval" not in row for row in read_log(folder / "log.jsonl"))


def test_a_setting_goes_back_to_its_default(tiny, folder):
    found = []

    def edit(trainer):
        found.append(take_config(trainer, tiny("total_steps=6")))

    run(tiny("loss.weight=2.0", "total_steps=6"), "train", hooks=[AtStep({2: edit, 3: edit})])
    assert [outcome.changed for outcome in found] == [{"loss.weight": (2.0, 1.0)}, {}]
    assert sum("event" in row for row in read_log(folder / "log.jsonl")) == 1


def test_options_of_groups_change_beside_a_default_learning_rate(tiny):
    def edit(trainer):
        optim = trainer.pipeline.optim
        before = optim.lr_at(2)
        change(trainer, {"optim.groups": {"network": {"lr": 0.25}}})
        found.append((before, optim.lr_at(2), optim.options["network"].lr(2)))

    found = []
    adam = "optim=dict(_delete_=True, type='Adam')"
    assert run(tiny(adam, "total_steps=4"), "train", hooks=[AtStep({2: edit})])["complete"]
    assert found == [(found[0][0], found[0][0], 0.25)] and found[0][0] > 0


def test_a_resumed_run_that_has_what_was_changed_says_nothing(tiny):
    """Neither of a schedule, whose tuple json writes as a list, nor of what went back to its default."""
    schedule = "loss.weight=dict(schedule='linear', value=1.0, end=0.5, steps=(0, 100))"
    edits = {
        1: lambda trainer: change(trainer, {"loss.weight": tiny(schedule).loss.weight}),
        2: lambda trainer: take_config(trainer, tiny("total_steps=4")),
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="settings were changed")
        run(tiny("total_steps=4", "loss.weight=2.0"), "train", hooks=[AtStep(edits)])
        run(tiny("total_steps=6"), "train", resume=True, hooks=[AtStep({5: edits[1]})])
        run(tiny("total_steps=7", schedule), "train", resume=True)
    with pytest.warns(UserWarning, match="add: loss.weight={'schedule'"):
        run(tiny("total_steps=8"), "train", resume=True)


def test_a_resumed_run_says_what_was_changed(tiny):
    lower = AtStep({2: lambda t: change(t, {"optim.lr": 0.5})})
    run(tiny("total_steps=4"), "train", hooks=[lower])
    with pytest.warns(UserWarning, match="add: optim.lr=0.5"):
        run(tiny("total_steps=6"), "train", resume=True)


def test_without_a_run_there_is_nothing_to_edit():
    with pytest.raises(JnerfError, match="nothing is trained now"):
        LiveEdits().change({"optim.lr": 1.0})


def test_every_reason_is_of_what_may_not_change():
    for path in ("dataset.scale", "network.width", "seed", "sampler.threshold", "n_rays"):
        assert path not in CHANGEABLE and len(reason(path)) > 10
