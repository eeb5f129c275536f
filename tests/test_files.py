"""Whether a place can be written is found before the work whose results go there."""

import errno
import json
import os
from pathlib import Path

import pytest

from jnerf.errors import ConfigError
from jnerf.files import check_writable, write_text_atomic


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


def test_what_rights_promise_a_file_system_may_refuse():
    """As root, /proc looks writable."""
    with pytest.raises(ConfigError, match="cannot write /proc/x/a.json: /proc.* Choose .* --json"):
        check_writable(Path("/proc/x/a.json"), "--json")


def test_a_device_is_never_replaced(tmp_path):
    with pytest.raises(ConfigError, match="cannot write /dev/null: it is neither a file nor a fol"):
        check_writable(Path("/dev/null"), "--json")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="no file"):
        write_text_atomic(tmp_path / "pipe", "text")
    with pytest.raises(FileExistsError, match="no file"):
        write_text_atomic(tmp_path, "text")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_share_that_cannot_sync_its_folders(tmp_path, monkeypatch):
    real = os.fsync

    def sync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    write_text_atomic(tmp_path / "a.json", "{}")
    assert (tmp_path / "a.json").read_text() == "{}"


def test_text_that_is_none(tmp_path):
    """Names of files that are no UTF-8, and what json may hold, are written as Python writes them."""
    write_text_atomic(tmp_path / "a.json", '{"name": "a\udc80\ud800"}')
    assert json.loads((tmp_path / "a.json").read_text()) == {"name": "a\udc80\ud800"}
