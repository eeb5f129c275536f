"""Locks on files."""

import os

from jnerf.engine.guards.lock import held, is_locked, take_lock


def elsewhere(ask):
    """What a process of its own answers."""
    pid = os.fork()
    if not pid:
        answer = 2
        try:
            answer = int(ask())
        finally:
            os._exit(answer)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, 1)
    return bool(status)


def test_a_lock_is_taken_once_and_given_back(tmp_path):
    path = tmp_path / "lock"
    assert not is_locked(path)
    lock = take_lock(path, "me")
    assert elsewhere(lambda: take_lock(path, "other") is None)
    assert elsewhere(lambda: is_locked(path))
    assert path.read_text() == "me"
    assert take_lock(path) is not None  # the process has it already
    lock.close()
    assert not elsewhere(lambda: is_locked(path))


def test_a_killed_process_gives_it_back(tmp_path):
    assert elsewhere(lambda: take_lock(tmp_path / "lock") is not None)  # and has ended
    assert not is_locked(tmp_path / "lock")


def test_a_file_system_without_locks_refuses_nobody(tmp_path, monkeypatch):
    def no_locks(*arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.lockf", no_locks)
    assert take_lock(tmp_path / "lock") is not None
    assert not is_locked(tmp_path / "lock")


def test_a_lock_for_a_while_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a/b/lock"
    with held(path) as ours:
        assert ours and elsewhere(lambda: is_locked(path))
        assert elsewhere(lambda: refused(path))
        assert path.exists()  # it was not the other's to remove
    assert list(tmp_path.iterdir()) == []
    with held(path):
        (tmp_path / "a/film").write_text("")
    assert [entry.name for entry in tmp_path.rglob("*")] == ["a", "film"]


def refused(path):
    with held(path) as ours:
        return not ours


def test_a_lock_whose_file_was_just_removed_is_taken_anew(tmp_path, monkeypatch):
    path, real = tmp_path / "lock", take_lock

    def late(path):
        file = real(path)
        monkeypatch.undo()
        path.unlink()  # by whoever held it before
        return file

    monkeypatch.setattr("jnerf.engine.guards.lock.take_lock", late)
    with held(path) as ours:
        assert ours and path.exists()
