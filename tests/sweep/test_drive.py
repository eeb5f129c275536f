"""What is begun, begun again and given up: an executor that does as it is told."""

import errno
import itertools

import pytest
from fake_sweeps import fake_plan
from fake_training import test as complete
from hypothesis import given, settings
from hypothesis import strategies as st

from jnerf.sweep import drive as module
from jnerf.sweep.drive import Drive, cannot_write
from jnerf.sweep.executor import Executor
from jnerf.sweep.job import Outcome
from jnerf.sweep.progress import Progress
from jnerf.sweep.state import state


class Scripted(Executor):
    """Ends each start as a script says: a list of kinds for each run; the last goes on for ever."""

    def __init__(self, plan, script, jobs=2):
        self.plan, self.script, self.jobs = plan, script, jobs
        self.started, self.most, self._running, self._stopped = [], 0, {}, False

    def room(self):
        return self.jobs - len(self._running)

    def start(self, run, root):
        self.started.append(run.name)
        kinds = self.script.get(run.name, ["complete"])
        kind = kinds.pop(0) if len(kinds) > 1 else kinds[0]
        if kind == "refused":
            raise OSError(errno.ENOSPC, "No space left on device")
        root.mkdir(exist_ok=True)
        self._running[run.name] = kind
        self.most = max(self.most, len(self._running))
        return "1 thread"

    def finished(self):
        for name, kind in list(self._running.items()):
            if kind == "runs" and not self._stopped:
                continue
            del self._running[name]
            kind, _, step = ("stopped" if kind == "runs" else kind).partition(" ")
            root = self.plan.root / name
            if step:
                (root / "checkpoints").mkdir(exist_ok=True)
                (root / "checkpoints" / f"step_{int(step):08d}.safetensors").touch()
            if kind == "complete":
                complete(root, 20)
            if kind == "full":
                yield name, Outcome("failed", "exit status 2", ("error: No space left on device",))
                continue
            yield name, Outcome(kind, f"told of {kind}", ("last line",))

    @property
    def running(self):
        return list(self._running)

    def stop(self):
        self._stopped = True

    def close(self):
        self._running.clear()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "_POLL", 0)


def drive(tmp_path, script, names=("a-x", "a-y", "b-x", "b-y"), stop=lambda: False, jobs=2, **how):
    plan = fake_plan(tmp_path / "s", list(names))
    executor = Scripted(plan, script, jobs)
    progress = Progress(plan, {run.name: state(plan, run) for run in plan.runs})
    return Drive(plan, executor, progress, stop, later=0.0, **how).go(), executor


def test_every_run_is_begun_once_and_so_many_at_a_time(tmp_path, capsys):
    result, executor = drive(tmp_path, {})
    assert executor.started == ["a-x", "a-y", "b-x", "b-y"] and executor.most == 2
    assert result.complete == set(executor.started) and not result.failed
    assert "b-y: begins (1 thread)\n" in (shown := capsys.readouterr().out)
    assert "b-y: complete (4/4)" in shown


def test_complete_runs_are_left_alone(tmp_path):
    (tmp_path / "s" / "a-y").mkdir(parents=True)
    (tmp_path / "s" / "a-y" / "run.json").write_text('{"data": {"test": {"n_images": 3}}}')
    complete(tmp_path / "s" / "a-y", 20)
    _, executor = drive(tmp_path, {})
    assert executor.started == ["a-x", "b-x", "b-y"]


def test_one_that_fails_is_reported_once_and_the_others_go_on(tmp_path, capsys):
    result, executor = drive(tmp_path, {"a-x": ["failed"]})
    assert executor.started.count("a-x") == 1 and len(result.complete) == 3
    assert result.failed == {"a-x": "told of failed\nlast line"}
    assert capsys.readouterr().out.count("a-x: FAILED, told of failed\n    last line\n") == 1


def test_or_they_do_not(tmp_path):
    result, executor = drive(tmp_path, {"a-x": ["failed"], "a-y": ["runs"]}, stop_on_error=True)
    assert executor.started == ["a-x", "a-y"] and not result.complete and not result.stopped


def test_a_run_that_dies_is_begun_again(tmp_path, capsys):
    result, executor = drive(tmp_path, {"a-x": ["died", "died 10", "complete"]}, jobs=1)
    assert executor.started == ["a-x"] * 3 + ["a-y", "b-x", "b-y"] and not result.failed
    assert "a-x: told of died; it is tried again\na-x: begins" in (shown := capsys.readouterr().out)
    assert "a-x: goes on after step 10 of 20 (1 thread)\n" in shown


def test_but_not_for_ever_at_the_same_place(tmp_path):
    result, executor = drive(tmp_path, {"a-x": ["died"]}, retries=2)
    assert executor.started.count("a-x") == 3 and len(result.complete) == 3
    assert result.failed["a-x"].startswith(
        "told of died, 3 times in a row without a new checkpoint"
    )
    result, executor = drive(tmp_path / "2", {"a-x": ["died"]}, retries=0)
    assert executor.started.count("a-x") == 1
    assert result.failed["a-x"].startswith("told of died, once; it is not tried again")


def test_checkpoints_in_between_count_for_it(tmp_path):
    script = {"a-x": [*(f"died {step}" for step in range(1, 10)), "complete"]}
    result, executor = drive(tmp_path, script, retries=1)
    assert executor.started.count("a-x") == 10 and not result.failed


def test_a_run_that_another_process_trains_is_waited_for_and_told_once(tmp_path, capsys):
    result, executor = drive(tmp_path, {"a-x": ["busy"] * 5 + ["complete"]})
    assert executor.started.count("a-x") == 6 and result.starts["a-x"] == 1 and not result.failed
    assert capsys.readouterr().out.count("it is waited for") == 1


def test_a_stop_lets_what_runs_save_and_begins_nothing(tmp_path, capsys):
    asked = itertools.chain([False, False, False], itertools.repeat(True))
    result, executor = drive(tmp_path, {"a-x": ["runs"], "a-y": ["runs"]}, stop=lambda: next(asked))
    assert executor.started == ["a-x", "a-y"] and result.stopped and not result.failed
    assert "a-x: stopped, saved after step 0" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["refused", "failed", "full"])
def test_on_a_full_disk_nothing_more_is_begun(tmp_path, monkeypatch, capsys, kind):
    if kind != "full":
        monkeypatch.setattr(module, "cannot_write", lambda folder: "No space left on device")
    result, executor = drive(tmp_path, {"a-x": [kind]}, jobs=1)
    assert executor.started == ["a-x"] and list(result.failed) == ["a-x"]
    said = "no further run is begun, since the disk refuses: No space left on device\n"
    assert capsys.readouterr().out.count(said) == 1


def test_whether_a_disk_takes_files(tmp_path, monkeypatch):
    assert cannot_write(tmp_path) == "" and not list(tmp_path.iterdir())
    assert cannot_write(tmp_path / "none") == "No such file or directory"

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert cannot_write(tmp_path) == "No space left on device" and not list(tmp_path.iterdir())


_ENDS = st.sampled_from(["died", "died 5", "died 10", "busy"])
_SCRIPT = st.tuples(st.lists(_ENDS, max_size=6), st.sampled_from(["complete", "failed"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(_SCRIPT, min_size=3, max_size=3), st.integers(1, 4), st.integers(0, 3))
def test_whatever_happens_every_run_ends_and_none_twice(tmp_path_factory, scripts, jobs, retries):
    """However runs end, each becomes complete or is given up once, and is not begun after that."""
    names = ["a-x", "a-y", "b-x"]
    script = {name: [*ends, last] for name, (ends, last) in zip(names, scripts, strict=True)}
    left = {name: list(kinds) for name, kinds in script.items()}
    result, executor = drive(
        tmp_path_factory.mktemp("s"), script, names, jobs=jobs, retries=retries
    )
    assert result.complete | set(result.failed) == set(names)
    assert not result.complete & set(result.failed) and executor.most <= jobs
    for name in names:
        happened = left[name][: executor.started.count(name)]
        assert happened.count("complete") == (name in result.complete)
        assert result.starts[name] == len(happened) - happened.count("busy")
