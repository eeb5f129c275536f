"""What happens to one process happens to all: none waits for ever, and nothing is lost."""

import signal
import time

import kills
import pytest
from ranks import SMALL, mpirun, needs_mpirun

pytestmark = needs_mpirun

FAILING = """
import sys
import jnerf
from jnerf.command_line import exit_status
from jnerf.engine import trainer
from jnerf.engine.parallel.team import team
from jnerf.errors import TrainingError
from jnerf.cli import program
real = trainer.Trainer._train_step
def step(self, number, watch):
    if number == 2 and team().rank == 1:
        raise {error}
    return real(self, number, watch)
trainer.Trainer._train_step = step
sys.exit(program.main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def children_may_be_killed():
    """Jittor ends the process when a child of it is killed by a signal; here that is the point."""
    old = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGCHLD, old if old is not None else signal.SIG_DFL)


def test_killed_processes_take_the_others_along_and_the_run_goes_on(tmp_path):
    kills.main([str(tmp_path / "runs"), "--kills", "3", "--steps", "20", "--seed", "3"])


@pytest.mark.parametrize(
    "error, said",
    [
        ("TrainingError('the moon is full')", "process 1 of 2: error: the moon is full"),
        ("ZeroDivisionError('a bug')", "ZeroDivisionError: a bug"),
    ],
)
def test_an_error_of_one_ends_all_with_its_message(tmp_path, error, said):
    words = ["train", *SMALL, "total_steps=100", f"save_dir={tmp_path}", "exp_name=failing"]
    begin = time.monotonic()
    done = mpirun(2, "-c", FAILING.format(error=error), *words)
    assert done.returncode == 1 and said in done.stderr, done.stderr[-3000:]
    assert time.monotonic() - begin < 100


def test_an_error_that_all_have_is_told_once(tmp_path):
    done = mpirun(2, "-m", "jnerf", "train", *SMALL, "network.depth=3", f"save_dir={tmp_path}")
    assert done.returncode == 2
    assert done.stderr.count("unknown argument of NGPNetwork") == 1
    done = mpirun(2, "-m", "jnerf", "train", *SMALL, f"save_dir={tmp_path}", "--viewer")
    assert done.returncode == 2 and done.stderr.count("--viewer shows") == 1
