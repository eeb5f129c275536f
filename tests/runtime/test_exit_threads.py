"""The wait for threads at exit: whom it waits for, how long, and that a short program ends."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jnerf.runtime.exit_threads import wait_until_asleep


@pytest.fixture
def tasks(tmp_path):
    """Of a process 7 with threads 7, 8 and 9."""
    for number in "789":
        (tmp_path / "7" / "task" / number).mkdir(parents=True)
        write(tmp_path / "7" / "task", number, "S")
    write(tmp_path / "7" / "task", "7", "R")  # the main thread runs: it asks
    return tmp_path / "7" / "task"


def write(tasks: Path, number: str, state: str) -> None:
    part = tasks / number / "part"
    part.write_text(f"{number} (a name) R) {state} 1 7 7 0 -1\n")
    part.rename(tasks / number / "stat")


def test_sleeping_threads_are_not_waited_for(tasks):
    assert wait_until_asleep(tasks, patience=0.0)
    (tasks / "9" / "stat").unlink()  # a thread that ends meanwhile
    assert wait_until_asleep(tasks, patience=0.0)


def test_a_thread_that_runs_is_waited_for_until_it_sleeps(tasks):
    write(tasks, "9", "R")
    assert not wait_until_asleep(tasks, patience=0.02)
    timer = threading.Timer(0.1, write, (tasks, "9", "S"))
    timer.start()
    begin = time.monotonic()
    assert wait_until_asleep(tasks, patience=30)
    assert 0.05 < time.monotonic() - begin < 20
    timer.join()


def test_where_linux_does_not_say_nothing_is_waited_for(tmp_path):
    assert wait_until_asleep(tmp_path / "nowhere", patience=30)


def test_every_program_that_imports_jittor_waits():
    code = """
import jnerf
from jnerf.runtime import exit_threads
exit_threads.wait_until_asleep = lambda: print("waits")
import jittor as jt
print(len(jt.ones(3).numpy()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout.split() == ["3", "waits"]
