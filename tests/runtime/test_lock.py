"""One process at a time, and nothing left behind."""

import subprocess
import sys

import pytest

from jnerf.runtime.lock import held, hold

HOLD = """
import sys
from pathlib import Path
from jnerf.runtime.lock import hold
file = hold(Path(sys.argv[1]))
print(file is not None, flush=True)
input()
"""


@pytest.fixture
def other(tmp_path):
    """Starts a process that holds ``lock``, and lets it end."""
    started = []

    def start():
        command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process.stdout.readline().strip() == "True"

    yield start
    for process in started:
        process.communicate("\n", timeout=60)


def test_another_process_is_kept_out(tmp_path, other):
    assert other()
    assert hold(tmp_path / "lock") is None
    with held(tmp_path / "lock") as ours:
        assert not ours
    assert (tmp_path / "lock").exists()  # it is not ours to remove


def test_it_is_kept_out_by_us(tmp_path, other):
    with held(tmp_path / "lock") as ours:
        assert ours and not other()
    assert not (tmp_path / "lock").exists()
    assert other()


def test_nothing_is_left_behind(tmp_path):
    with held(tmp_path / "a/b/lock") as ours:
        assert ours and (tmp_path / "a/b/lock").exists()
    assert list(tmp_path.iterdir()) == []
    with held(tmp_path / "a/b/lock"):
        (tmp_path / "a/film").write_text("")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "film"]
