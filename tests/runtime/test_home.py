"""Where Jittor keeps what it compiles, and what is said when it cannot."""

from __future__ import annotations

import os
from pathlib import Path

import fake_jittor
import pytest

from jnerf.runtime import home

CODE = """
import jnerf
try:
    import jittor, jittor_utils
    print(jittor_utils.cache_path)
except ImportError as error:
    print(error)
"""


def test_the_users_wishes_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home.jittor_home({}) == tmp_path
    config = tmp_path / ".cache" / "jittor" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"JITTOR_HOME": "/elsewhere"}')
    assert home.jittor_home({}) == Path("/elsewhere")
    assert home.jittor_home({"XDG_CACHE_HOME": "/x/cache"}) == Path("/x/cache/jnerf")
    assert home.jittor_home({"XDG_CACHE_HOME": "/x/.cache"}) == Path("/x")
    assert home.jittor_home({"XDG_CACHE_HOME": "not/absolute"}) == Path("/elsewhere")
    mine = {"JITTOR_HOME": "/mine", "XDG_CACHE_HOME": "/x"}
    assert home.jittor_home(mine) == Path("/mine")


def test_the_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("HOME", "/before")
    monkeypatch.delenv("JITTOR_HOME", raising=False)
    with home.at_home(Path("/there")):
        assert os.environ["HOME"] == os.environ["JITTOR_HOME"] == "/there"
    assert os.environ["HOME"] == "/before" and "JITTOR_HOME" not in os.environ


@pytest.fixture(params=["/proc", "/dev/null"])
def locked(request, tmp_path):
    """A home folder in which nothing can be written, by root neither."""
    fake_jittor.install(tmp_path / "packages")
    return Path(request.param)


def test_a_home_that_cannot_be_written_is_named_with_its_remedy(locked, tmp_path):
    done = fake_jittor.run(CODE, tmp_path, tmp_path / "packages", HOME=str(locked))
    assert done.returncode == 0, done.stderr
    assert f"compiles in {locked}/.cache/jittor, which cannot be written" in done.stdout
    assert "set JITTOR_HOME or XDG_CACHE_HOME" in done.stdout


@pytest.mark.parametrize("variable", ["JITTOR_HOME", "XDG_CACHE_HOME"])
def test_both_remedies_help(locked, tmp_path, variable):
    there = {"HOME": str(locked), variable: str(tmp_path / "there")}
    done = fake_jittor.run(CODE, tmp_path, tmp_path / "packages", **there)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "there")), done.stdout
    assert not list(tmp_path.glob("**/config.json"))  # later runs without the variable go home


def test_fault_makes_nothing(tmp_path):
    assert home.fault(tmp_path / "a" / "b") == ""
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    assert "cannot be written" in home.fault(tmp_path / "file")
