"""``make``'s first words on a bare machine: what is missing and how to get it; and which Python it takes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jnerf.runtime.plan import JITTOR

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def check(tmp_path):
    """Runs ``make check`` where nothing is on PATH but the scripts that a test writes."""
    if shutil.which("make") is None:
        pytest.skip("no make")

    def run(**scripts: str) -> subprocess.CompletedProcess[str]:
        for name, text in scripts.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
        command = [str(shutil.which("make")), "-s", "-C", str(ROOT), "check", "PYTHON=python3"]
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
    assert "apt-get install g++" in result.stderr and "clang++ does not" in result.stderr


def test_missing_python(check):
    (check.folder / "g++").symlink_to("/bin/true")
    assert "python3 is missing. Run: apt-get install python3" in check().stderr


def test_python_that_does_not_fit(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3='[ "$1" = --version ] && echo Python 3.9.18; exit 1')
    assert "Python 3.9.18 does not fit, jnerf needs 3.10 or newer" in result.stderr


def test_python_without_venv(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3='case "$2" in *ensurepip*) exit 1;; esac')
    assert "cannot make a virtual environment. Run: apt-get install python3-venv" in result.stderr


def test_python_without_headers(check):
    (check.folder / "g++").symlink_to("/bin/true")
    result = check(python3='case "$2" in *Python.h*) exit 1;; esac')
    assert "has no Python.h, which Jittor needs. Run: apt-get install python3-dev" in result.stderr


@pytest.fixture
def newest(tmp_path):
    """Runs ``newest_python.sh`` where only the given commands are, each a Python 3.N."""

    def run(*arguments: str, **versions: int) -> str:
        for name, minor in versions.items():
            script = tmp_path / name.replace("_", ".")
            script.write_text(f'#!/bin/sh\n[ "$2" = {minor} ] && echo "{script}"\n')
            script.chmod(0o755)
        command = ["/bin/sh", str(ROOT / "tools" / "newest_python.sh"), *arguments]
        env = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == (0 if done.stdout else 1)
        return done.stdout.strip().removeprefix(f"{tmp_path}/")

    run.home = tmp_path
    return run


def test_the_newest_complete_python_is_taken(newest):
    assert newest() == ""
    assert newest(python3=9) == ""
    assert newest(python3=11) == "python3"
    assert newest(python3=11, python3_12=12, python3_13=0) == "python3.12"
    assert newest("10", "11", python3_12=12) == "python3"
    assert newest("13", "14", python3_12=12) == ""


def test_pythons_that_are_not_on_the_path_are_found(newest):
    places = {13: ".pyenv/versions/3.13.0", 14: ".local/share/uv/python/cpython-3.14.1-linux"}
    for minor, folder in places.items():
        script = newest.home / folder / "bin" / "python3"
        script.parent.mkdir(parents=True)
        script.write_text(f'#!/bin/sh\n[ "$2" = {minor} ] && echo {minor}\n')
        script.chmod(0o755)
    assert newest(python3=11) == "14"
    assert newest("10", "13") == "13"


def test_this_python_fits_and_an_incomplete_one_does_not(tmp_path):
    script = str(ROOT / "tools" / "newest_python.sh")
    minor = str(sys.version_info.minor)
    (tmp_path / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "python3").chmod(0o755)
    env = {"PATH": str(tmp_path)}
    done = subprocess.run([script, minor, minor], env=env, capture_output=True, text=True)
    assert done.stdout.strip() == sys.executable, done.stderr
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    env["PYTHONPATH"] = str(tmp_path)
    done = subprocess.run([script, minor, minor], env=env, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 1)


def test_make_installs_the_jittor_that_the_runtime_knows():
    assert f"--no-deps jittor=={JITTOR}\n" in (ROOT / "Makefile").read_text()


def test_what_make_test_does_is_what_ci_runs():
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text()
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")]).returncode == 0
