"""What a sweep says on the way."""

import pytest
from fake_sweeps import fake_plan

from jnerf.sweep import progress as module
from jnerf.sweep.progress import Progress
from jnerf.sweep.state import State


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_EVERY", 0.0)
    made = fake_plan(tmp_path / "s", ["a-x", "a-y", "b-x"], 40)
    for name, step in (("a-y", 10), ("b-x", 30)):
        (made.root / name).mkdir()
        (made.root / name / "log.jsonl").write_text(f'{{"step": {step}, "seconds": 1}}\n')
    return made


STATES = {"a-x": State(True, 40), "a-y": State(False, 5), "b-x": State(False, 20)}


def test_elsewhere_than_on_a_terminal_a_total_now_and_then(plan, monkeypatch, capsys):
    shown = Progress(plan, STATES)
    shown.look(["a-y", "b-x"])
    assert capsys.readouterr().out == ""  # not yet
    monkeypatch.setattr(module, "_RARELY", 0.0)
    shown.look(["a-y", "b-x"])
    told = capsys.readouterr().out
    assert told.startswith("1/3 complete, 2 running: 80 of 120 steps after 0.")
    assert shown.complete("b-x") == "2/3"
    shown.look(["a-y"])
    assert capsys.readouterr().out.startswith("2/3 complete, 1 running: 90 of 120 steps")


def test_on_a_terminal_a_bar(plan, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    shown = Progress(plan, STATES)
    shown.say("a line")
    shown.look(["a-y", "b-x"])
    shown.close()
    out, err = capsys.readouterr()
    assert out == "a line\n" and "65/120" in err
    assert "1/3 complete, 2 running:  67%" in err and "80/120" in err
