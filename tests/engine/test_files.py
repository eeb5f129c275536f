"""Whether a place can be written is found before the work whose results go there."""

import os

import pytest

from jnerf.engine.files import check_writable
from jnerf.errors import ConfigError


def test_places_that_can_be_written(tmp_path):
    (tmp_path / "there").write_text("")
    for path in (tmp_path / "there", tmp_path / "new", tmp_path / "a/b/c.json", tmp_path):
        check_writable(path, "--json")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["there"]  # nothing is made


def test_relative_places(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_writable(tmp_path.relative_to(tmp_path) / "a.json", "--json")


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "there").write_text("")
    with pytest.raises(ConfigError, match="a.json: .*there is no folder. Choose .* with --json."):
        check_writable(tmp_path / "there/new/a.json", "--json")


def test_no_permission(tmp_path, monkeypatch):
    """As the operating system would answer somebody who is not root."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ConfigError, match=f"a.json: {tmp_path} is not writable. Choose another"):
        check_writable(tmp_path / "a.json", "--json")
    (tmp_path / "a.json").write_text("")
    with pytest.raises(ConfigError, match="a.json: it is not writable"):
        check_writable(tmp_path / "a.json", "--json")
