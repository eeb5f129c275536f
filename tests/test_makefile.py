"""``make``'s first words on a bare machine: one sentence that says what is missing and how to get it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def check(tmp_path):
    """Runs ``make check`` where nothing is on PATH but the scripts that a test writes."""
    if shutil.which("make") is None:
        pytest.skip("no make")

    def run(**scripts: str) -> subprocess.CompletedProcess[str]:
        for name, text in scripts.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
        command = [str(shutil.which("make")), "-s", "-C", str(ROOT), "check"]
        return subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True)

    run.folder = tmp_path
    return run


def test_complete_machine_passes_silently(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3=f'exec {sys.executable} "$@"')
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_missing_compiler(check):
    result = check(python3=f'exec {sys.executable} "$@"')
    assert result.returncode == 2 and "g++ is missing" in result.stderr
    assert "apt-get install g++" in result.stderr


def test_missing_python(check):
    (check.folder / "g++").symlink_to("/bin/true")
    assert "python3 is missing. Run: apt-get install python3" in check().stderr


def test_python_that_does_not_fit(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3='[ "$1" = --version ] && echo Python 3.13.1; exit 1')
    assert "Python 3.13.1 does not fit, jnerf needs 3.10 to 3.12" in result.stderr


def test_python_without_venv(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3='case "$2" in *ensurepip*) exit 1;; esac')
    assert "cannot make a virtual environment. Run: apt-get install python3-venv" in result.stderr


def test_what_make_test_does_is_what_ci_runs():
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")]).returncode == 0
