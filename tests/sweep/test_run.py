"""A sweep from end to end, its trainings faked: what it says and writes, and its exit status."""

import json
import os
import sys

import pytest
from fake_sweeps import PROGRAM, fake_plan, fake_run
from fake_training import check_steps
from run_folders import check_page

from jnerf.errors import ConfigError, JnerfError
from jnerf.sweep import run as module
from jnerf.sweep.local import LocalExecutor, visible_gpus
from jnerf.sweep.plan import Plan
from jnerf.sweep.run import Settings, find, show_plan, sweep, write_tables


@pytest.fixture(autouse=True)
def no_configs(monkeypatch):
    """Fake runs have no configs to be compared."""
    monkeypatch.setattr(module, "check_folders", lambda plan: None)


def test_a_sweep_with_a_failure_then_mended(tmp_path, capsys):
    root, names = tmp_path / "s", ["a-x", "b-x", "a-y", "b-y"]
    plan = fake_plan(root, names, b_y={"fail": "no such scene"}, a_y={"kill_at": 12})
    assert sweep(plan, Settings(jobs=2, program=PROGRAM)) == 1
    shown = capsys.readouterr().out
    assert f"4 runs in {root}, 0 of them complete\n" in shown
    assert "a-y: ended by SIGKILL" in shown and "a-y: goes on after step 10 of 20" in shown
    assert shown.count("error: no such scene") == 1 and "b-y: FAILED, exit status 2" in shown
    assert "| b           | 20.00 |     – |     – |" in shown
    assert "1 of 4 runs are not complete. When what is wrong is mended" in shown
    record = json.loads((root / "table.json").read_text())
    assert [each["complete"] for each in record["runs"]] == [True, True, True, False]
    assert "error: no such scene" in record["runs"][3]["error"]
    assert "error: no such scene" in check_page((root / "sweep.html").read_text())
    assert [check_steps(root / name, 20) for name in names[:3]] == [1, 1, 2]

    plan = fake_plan(root, names)
    assert sweep(plan, Settings(program=PROGRAM)) == 0
    assert "3 of them complete\nb-y: begins" in (shown := capsys.readouterr().out)
    assert "| b           | 20.00 | 20.00 | 20.00 |" in shown
    assert [check_steps(root / name, 20) for name in names] == [1, 1, 2, 1]
    assert {"table.md", "table.tex", "table.json", "sweep.html", "sweep.json"} < set(
        os.listdir(root)
    )
    assert json.loads((root / "sweep.json").read_text())["runs"][0]["command"][:2] == [
        "jnerf",
        "train",
    ]

    assert sweep(plan, Settings(program=("-c", "raise SystemExit(9)"))) == 0  # nothing is started
    assert "4 of them complete\n\n| PSNR" in capsys.readouterr().out


def test_the_plan_and_the_table_of_what_is_there(tmp_path, capsys):
    plan = fake_plan(tmp_path / "s", ["a-x", "a-y"])
    show_plan(plan)
    shown = capsys.readouterr().out
    assert "| a-x | a      | x     | –        | 0    | not begun |" in shown
    assert f"jnerf train some.py exp_name=a-x --save-dir {tmp_path}/s --resume\n" in shown
    assert os.listdir(tmp_path / "s") == ["fake.json"]
    write_tables(find(plan))
    assert "no run is complete yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"jobs": 0}, "--jobs is 0; it must be at least 1"),
        ({"threads": -1}, "--threads is -1"),
        ({"retries": -1}, "--retries is -1; it must be at least 0"),
    ],
)
def test_numbers_that_cannot_be(tmp_path, settings, said):
    with pytest.raises(ConfigError, match=said):
        sweep(Plan(tmp_path, [fake_run("a-x")]), Settings(**settings))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write .*--save-dir"):
        sweep(Plan(tmp_path / "file" / "s", [fake_run("a-x")]), Settings())


def test_a_disk_that_is_full_at_the_end_has_the_table_on_the_terminal(
    tmp_path, monkeypatch, capsys
):
    plan = fake_plan(tmp_path / "s", ["a-x"])

    def full(path, text):
        if path.name != "sweep.json":
            raise OSError(28, "No space left on device")
        path.write_text(text)

    monkeypatch.setattr(module, "write_text_atomic", full)
    with pytest.raises(OSError):
        sweep(plan, Settings(program=PROGRAM))
    assert "| a |       20.00 |         1.5 |" in capsys.readouterr().out


def test_cores_and_gpus_are_shared_out(tmp_path, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(16)))
    monkeypatch.setattr("jnerf.sweep.local.visible_gpus", lambda: [])
    assert LocalExecutor().room() == 4
    monkeypatch.setattr("jnerf.sweep.local.visible_gpus", lambda: ["2", "5"])
    plan = fake_plan(tmp_path / "s", ["a-x", "a-y"], 1)
    executor = LocalExecutor(program=PROGRAM)
    assert executor.room() == 2
    told = [executor.start(run, plan.folder(run)) for run in plan.runs]
    assert told == ["8 threads, GPU 2", "8 threads, GPU 5"] and executor.room() == 0
    ended = {}
    while executor.running:
        ended |= dict(executor.finished())
    assert {outcome.kind for outcome in ended.values()} == {"complete"}
    assert "threads 8, GPU 5" in (tmp_path / "s" / "a-y" / "output.txt").read_text()


def test_which_gpus_there_are(monkeypatch):
    monkeypatch.setattr("jnerf.runtime.device", lambda: "cuda")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-ab")
    assert visible_gpus() == ["3", "GPU-ab"]
    monkeypatch.setattr("jnerf.runtime.device", lambda: "cpu")
    assert visible_gpus() == []


def test_without_ray_the_remedy_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    plan = fake_plan(tmp_path / "s", ["a-x"])
    with pytest.raises(
        JnerfError, match=r"Ray is not installed. Run: pip install 'jnerf\[cluster\]'"
    ):
        sweep(plan, Settings(on="ray"))
