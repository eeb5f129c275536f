"""The process of a run, beside its training."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jnerf.sweep import worker


def other(ask):
    """What a process of its own prints."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write, ask().encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as file:
        return file.read()


def test_no_two_processes_of_a_machine_have_one_name_for_their_kernels(tmp_path, monkeypatch):
    monkeypatch.delenv("JNERF_KERNELS", raising=False)
    monkeypatch.setattr(worker, "_held", [])
    assert worker.kernels(tmp_path / "locks") == "sweep_0"
    assert other(lambda: worker.kernels(tmp_path / "locks")) == "sweep_1"
    assert other(lambda: worker.kernels(tmp_path / "locks")) == "sweep_1"  # free again
    monkeypatch.setenv("JNERF_KERNELS", "mine")
    assert other(lambda: worker.kernels(tmp_path / "locks")) == "mine_0"


def test_without_room_for_locks_kernels_have_no_name(tmp_path):
    (tmp_path / "locks").write_text("a file")
    assert worker.kernels(tmp_path / "locks") == ""


def test_a_worker_whose_parent_has_gone_does_not_begin(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        worker.main([str(os.getpid()), str(tmp_path), "1", "0", "1", "{}", "train"])
    assert stopped.value.code == 143
    assert not list(tmp_path.iterdir())


def test_a_worker_is_at_its_lock_before_it_imports_jittor():
    """Whose import takes long, and asks for the name of the kernels."""
    code = "import sys, jnerf.sweep.worker; sys.exit('jittor' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
