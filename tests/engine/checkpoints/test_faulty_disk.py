"""Runs on a disk that fails: whatever happens when, the newest checkpoint that was saved is found, and all files are
whole."""

import json
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from faulty_disk import KINDS, FaultyDisk, Killed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jnerf.command_line import DISK_FAULTS
from jnerf.engine import run_folder
from jnerf.engine.checkpoints.checkpoint import Checkpoint, load_latest, save_checkpoint
from jnerf.engine.logging import JsonLog, read_log
from jnerf.engine.run import run
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import JnerfError

FAULTS = st.none() | st.tuples(st.integers(0, 12), st.sampled_from(KINDS))
CONFIG = "seed = 1\n"


class RunOnFaultyDisk(RuleBasedStateMachine):
    """A run that is started, works, and is broken off by faults of its disk, in any order."""

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.disk, self.folder = FaultyDisk(self.root), RunFolder(self.root / "logs/run")
        self.saved, self.tried, self.step, self.log = 0, 0, 0, None

    def teardown(self):
        self._end()
        shutil.rmtree(self.root)

    def _end(self):
        if self.log is not None:
            self.log.close()
        self.log = None

    def _on_disk(self, fault, work):
        """Does something; what the disk makes of it must be a clear error, and ends the process."""
        at, kind = fault or (-1, "EIO")
        try:
            with self.disk.failing(at, kind):
                work()
        except Killed:
            self._end()
        except JnerfError as error:
            assert "--" in str(error)  # a flag that helps
            self._end()
        except OSError as error:
            assert error.errno in DISK_FAULTS
            self._end()

    @precondition(lambda self: self.log is None)
    @rule(fault=FAULTS)
    def start(self, fault):
        def work():
            found = load_latest(self.folder.checkpoints)
            self.step = found.step if found else 0
            self.folder.begin(CONFIG, {"seed": 1}, self.step, resume=True)
            self.log = JsonLog(self.folder.log, keep_until=self.step)

        self._on_disk(fault, work)

    @precondition(lambda self: self.log is not None)
    @rule(fault=FAULTS, steps=st.integers(1, 3))
    def train(self, fault, steps):
        def work():
            for _ in range(steps):
                self.step += 1
                self.log.write({"step": self.step, "loss": 1.0})
            self.tried = max(self.tried, self.step)
            state = {"network.w": np.full(50, self.step, np.float32)}
            save_checkpoint(self.folder.checkpoints, Checkpoint(self.step, 1, 0.5, state), keep=2)
            self.saved = self.step

        self._on_disk(fault, work)

    @precondition(lambda self: self.log is not None)
    @rule()
    def power_fails(self):
        """The process ends between two operations."""
        self._end()

    @invariant()
    def the_newest_checkpoint_is_found(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is damaged: files are whole or not there
            found = load_latest(self.folder.checkpoints)
        step = found.step if found else 0
        assert self.saved <= step <= self.tried
        assert found is None or (found.state["network.w"] == step).all()

    @invariant()
    def files_are_whole(self):
        folder = self.folder
        assert not folder.config.exists() or folder.config.read_text() == CONFIG
        if folder.info.exists():
            assert json.loads(folder.info.read_text())["sessions"]
        if folder.log.exists():
            steps = [row["step"] for row in read_log(folder.log)]
            assert steps == sorted(set(steps))  # none counted twice
            assert not self.log or steps == list(range(1, self.step + 1))  # none lost


@pytest.fixture(autouse=True)
def quick_start(monkeypatch):
    """Of a start, the machine and git are asked once."""
    session = run_folder._session(0)
    monkeypatch.setattr(run_folder, "_session", lambda step: session | {"from_step": step})


QUICK = settings(
    max_examples=60, stateful_step_count=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_a_run_on_a_disk_that_fails(quick_start):
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(RunOnFaultyDisk, settings=QUICK)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The weights that a tiny run ends with."""
    from jnerf.config import load_config

    place = tmp_path_factory.mktemp("unbroken")
    run(load_config(TINY, [f"save_dir={place}"]), "train")
    return load_latest(place / "tiny/checkpoints")


TINY = Path(__file__).parents[1] / "configs/tiny.py"


@settings(max_examples=8, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(at=st.integers(0, 60), kind=st.sampled_from(KINDS))
def test_a_training_that_fails_anywhere_goes_on_to_the_same_weights(unbroken, at, kind):
    from jnerf.config import load_config

    with tempfile.TemporaryDirectory() as place:
        config = load_config(TINY, [f"save_dir={place}/logs"])
        try:
            with FaultyDisk(Path(place)).failing(at, kind):
                run(config, "train")
        except (JnerfError, Killed):
            pass
        except OSError as error:
            assert error.errno in DISK_FAULTS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = run(load_config(TINY, [f"save_dir={place}/logs"]), "train", resume=True)
        folder = RunFolder(Path(place) / "logs/tiny")
        found = load_latest(folder.checkpoints)
        assert done["complete"] and found.step == unbroken.step
        for name, array in unbroken.state.items():
            np.testing.assert_array_equal(found.state[name], array, err_msg=name)
        steps = [row["step"] for row in read_log(folder.log) if "loss" in row]
        assert steps == sorted(set(steps)) and steps[-1] == unbroken.step
        assert json.loads((folder.test / "metrics.json").read_text())["mean"]
        litter = [path for path in Path(place).rglob("*") if ".tmp" in path.name]
        assert litter == []
