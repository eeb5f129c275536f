"""How far a run is, by its folder."""

import json

import pytest
from fake_sweeps import fake_plan
from run_folders import make_run

from jnerf.errors import ConfigError
from jnerf.sweep.plan import make_plan
from jnerf.sweep.same import check_folders
from jnerf.sweep.state import live_step, state, state_of


def folder_with(root, saved=(), step=None, n_images=3, there=3):
    """A run's folder with checkpoints and a test."""
    (root / "checkpoints").mkdir(parents=True)
    for number in saved:
        (root / "checkpoints" / f"step_{number:08d}.safetensors").touch()
    (root / "run.json").write_text(json.dumps({"data": {"test": {"n_images": there}}}))
    if step is not None:
        (root / "test").mkdir()
        told = {"protocol": {"step": step, "n_images": n_images}, "mean": {}}
        (root / "test" / "metrics.json").write_text(json.dumps(told))
    return root


@pytest.mark.parametrize(
    ("folder", "wanted", "complete", "told"),
    [
        ({}, None, False, "not begun"),
        ({"saved": (10, 20)}, None, False, "goes on after step 20 of 40"),
        ({"saved": (40,)}, None, False, "to be tested"),
        ({"saved": (40,), "step": 40}, None, True, "complete"),
        ({"saved": (20,), "step": 20}, None, False, "goes on after step 20 of 40"),
        ({"saved": (40,), "step": 40, "n_images": 2}, None, False, "to be tested"),
        ({"saved": (40,), "step": 40, "n_images": 2}, 2, True, "complete"),
        ({"saved": (40,), "step": 40, "n_images": 3}, 25, True, "complete"),  # there are no more
        ({"saved": (40,), "step": 40, "n_images": 3}, 2, False, "to be tested"),
        ({"saved": (40,), "step": 40, "n_images": 1, "there": None}, None, True, "complete"),
        ({"saved": (40,), "step": 40, "n_images": 1, "there": None}, 5, True, "complete"),
        ({"saved": (40,), "step": 40, "n_images": 9, "there": None}, 5, False, "to be tested"),
        ({"saved": (40,), "step": 40, "n_images": "all", "there": None}, None, True, "complete"),
        ({"saved": (40,), "step": 40, "n_images": "all", "there": None}, 5, False, "to be tested"),
    ],
)
def test_complete_is_trained_and_tested_on_the_views_that_are_wanted(
    tmp_path, folder, wanted, complete, told
):
    found = state_of(folder_with(tmp_path / "a", **folder), 40, wanted, tested=True)
    assert (found.complete, found.told(40)) == (complete, told)


def test_a_run_without_a_test_is_complete_with_its_last_checkpoint(tmp_path):
    root = folder_with(tmp_path / "a", saved=(40,))
    assert state_of(root, 40, None, tested=False).complete
    assert not state_of(root, 50, None, tested=False).complete


def test_a_folder_that_is_not_there_and_one_with_torn_files(tmp_path):
    assert state_of(tmp_path / "a", 40, None, True).saved == 0
    root = folder_with(tmp_path / "b", saved=(40,), step=40)
    (root / "test" / "metrics.json").write_text('{"protocol": ')
    assert not state_of(root, 40, None, True).complete


def test_the_step_of_a_log_that_is_being_written(tmp_path):
    assert live_step(tmp_path) == 0
    rows = "".join(f'{{"step": {i}, "seconds": 1}}\n' for i in range(3000))
    (tmp_path / "log.jsonl").write_text(f'{rows}{{"step": 30')
    assert live_step(tmp_path) == 2999


def test_runs_of_other_settings_are_not_counted_as_this_sweeps(tmp_path):
    plan = make_plan(["ngp_embedded"], [], ["total_steps=40"], tmp_path)
    (run,) = plan.runs
    root = make_run(plan.folder(run), seed=1337)
    config = plan.configs[run.name]
    (root / "config.py").write_text(config.dump())
    check_folders(plan)
    longer = make_plan(["ngp_embedded"], [], ["total_steps=80"], tmp_path)
    check_folders(longer)  # goes on
    for word, said in (
        ("total_steps=20", "total_steps: 20 here, 40 were trained"),
        ("optim.lr=1e-3", r"optim.lr: 0.001 here, dict\(.* in the run"),
        ("seed=5", "seed: 5 here, 1337 in the run"),
    ):
        other = make_plan(["ngp_embedded"], [], [word], tmp_path)
        with pytest.raises(ConfigError, match=f"{run.name}: {said}"):
            check_folders(other)


@pytest.mark.parametrize(
    ("words", "noted"),
    [
        ([], {}),
        (["evaluation.fit=none", "evaluation.fit_part=left"], {}),
        (["evaluation.fit=exposure"], {"evaluation.fit": "exposure"}),
        (
            ["evaluation.fit=exposure", "evaluation.fit_part=whole"],
            {"evaluation.fit": "exposure", "evaluation.fit_part": "whole"},
        ),
        (
            ["dataset.cameras=dict(type='PoseRefinement', test_steps=9, test_lr=3e-3)"],
            {"dataset.cameras.test_steps": 9},
        ),
    ],
)
def test_runs_tested_in_another_way_are_to_be_tested(tmp_path, words, noted):
    """Their weights are this sweep's, their numbers are not."""
    plan = make_plan(["ngp_embedded"], [], ["total_steps=40", *words], tmp_path)
    (run,) = plan.runs
    root = make_run(plan.folder(run), **({"judged_with": noted} if noted else {}))
    (root / "checkpoints").mkdir()
    (root / "checkpoints" / "step_00000040.safetensors").touch()
    assert state(plan, run).complete
    other = "evaluation.fit=appearance" if noted else "evaluation.fit=exposure"
    kept = [word for word in words if not word.startswith("evaluation.fit=")]
    plan = make_plan(["ngp_embedded"], [], ["total_steps=40", *kept, other], tmp_path)
    found = state(plan, plan.runs[0])
    assert not found.complete and found.told(40) == "to be tested"


def test_an_empty_folder_is_fine(tmp_path):
    plan = fake_plan(tmp_path / "s", ["a-x"])
    (plan.root / "a-x").mkdir()
    check_folders(plan)
