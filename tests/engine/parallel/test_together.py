"""Two processes train, evaluate, stop and go on: what one process does, and one that speaks for both."""

import json

import numpy as np
import pytest
from ranks import mpirun, needs_mpirun
from together import HALF, STEPS, train

from jnerf.engine.checkpoints.checkpoint import load_checkpoint
from jnerf.engine.logging import read_log

pytestmark = needs_mpirun


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of the runs: "alone" of one process, the others of two; and what these printed."""
    folder = tmp_path_factory.mktemp("together")
    train(folder, "half", f"total_steps={HALF}")
    train(folder, "alone", "evaluation.at_end=True")
    done = mpirun(2, "tests/helpers/together.py", str(folder), str(folder / "half"))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return folder, done.stdout


def state(folder, name, step=STEPS):
    return load_checkpoint(folder / name / "checkpoints" / f"step_{step:08}.safetensors").state


def losses(folder, name):
    return {
        row["step"]: row["loss"] for row in read_log(folder / name / "log.jsonl") if "loss" in row
    }


def test_the_curve_is_that_of_one_process(runs):
    folder, _ = runs
    one, two = losses(folder, "alone"), losses(folder, "straight")
    assert list(one) == list(two) == [1, 10, 20, 30, 40]
    # What is rounded otherwise grows with the steps: Adam makes a step of any gradient.
    assert two[1] == pytest.approx(one[1], rel=1e-5)
    assert list(two.values()) == pytest.approx(list(one.values()), rel=0.05)


def test_views_are_shared_out_and_all_are_judged(runs):
    folder, _ = runs
    one, two = (
        json.loads((folder / name / "test" / "metrics.json").read_text())
        for name in ("alone", "straight")
    )
    assert [row["name"] for row in two["images"]] == [row["name"] for row in one["images"]]
    assert two["mean"]["psnr"] == pytest.approx(one["mean"]["psnr"], abs=0.3)
    assert two["protocol"]["processes"] == 2 and "processes" not in one["protocol"]
    pictures = [
        {file.name for file in (folder / name / "test").iterdir()} for name in ("alone", "straight")
    ]
    assert pictures[0] == pictures[1]


def test_a_signal_to_one_ends_both_after_the_same_step_and_the_rest_is_as_if_unbroken(runs):
    folder, _ = runs
    straight, stopped = state(folder, "straight"), state(folder, "stopped")
    assert set(straight) == set(stopped)
    assert [n for n, a in straight.items() if not np.array_equal(a, stopped[n])] == []
    assert losses(folder, "stopped") == losses(folder, "straight")


def test_two_go_on_where_one_has_stopped(runs):
    folder, _ = runs
    one, both = losses(folder, "alone"), losses(folder, "taken_over")
    assert list(both) == list(one)
    assert both[30] == pytest.approx(one[30], rel=0.05)


def test_one_speaks_for_both(runs):
    _, said = runs
    assert said.count("2 processes train together") == 4  # of four trainings
    assert said.count("stopped after step") == 1
