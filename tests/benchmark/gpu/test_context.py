"""An error that breaks CUDA in a process is noticed, and what is left goes on in another one."""

import json
import subprocess
import sys

import pytest

from jnerf.benchmark.gpu import context
from jnerf.benchmark.host import small_steps
from jnerf.benchmark.methods import __main__ as methods


@pytest.mark.parametrize(("status", "broken"), [(0, False), (201, False), (700, True), (719, True)])
def test_the_driver_is_asked(tmp_path, status, broken):
    library = tmp_path / f"libfake{status}.so"
    source = tmp_path / "fake.c"
    source.write_text(f"int cuCtxSynchronize(void) {{ return {status}; }}\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert context.broken(str(library)) is broken


def test_without_a_driver_nothing_is_broken():
    assert context.broken("libjnerf_no_such_driver.so.1") is False


class Replaced(Exception):
    """In place of a process that becomes another."""


@pytest.fixture
def afresh(monkeypatch):
    """What each fresh process was to be called with; all errors are of CUDA."""
    called = []

    def execv(program, arguments):
        assert program == sys.executable and arguments[:2] == [program, "-m"]
        called.append(arguments[2:])
        raise Replaced

    monkeypatch.setattr(context.os, "execv", execv)
    for module in (small_steps, methods):
        monkeypatch.setattr(module, "broken", lambda: True)
    return called


def test_steps_go_on_behind_a_failure(monkeypatch, afresh, capsys):
    def steps(file):
        if file.startswith("bad"):
            raise ValueError(file)
        print(f"{file}: done")

    monkeypatch.setattr(small_steps, "_steps", steps)
    with pytest.raises(Replaced):
        small_steps.main(["a", "bad1", "b", "bad2", "c"])
    assert afresh == [["jnerf.benchmark.host.small_steps", "--failed=bad1", "b", "bad2", "c"]]
    monkeypatch.setattr(small_steps, "broken", lambda: False)
    assert small_steps.main(afresh[0][1:]) == 1
    told = capsys.readouterr()
    assert told.out.split("\n")[-4:-1] == ["b: done", "bad2: failed", "c: done"]
    assert told.err.endswith("failed: bad1, bad2\n") and "ValueError: bad2" in told.err
    assert small_steps.main(["a"]) == 0


def test_methods_go_on_behind_a_failure_and_keep_what_is_done(tmp_path, monkeypatch, afresh):
    def trained(config):
        if config == "bad":
            raise AssertionError("no")
        return {"metric": "psnr", "value": 20.0}

    monkeypatch.setattr("jnerf.benchmark.methods.form.small_form", lambda file, *_: file)
    monkeypatch.setattr("jnerf.benchmark.methods.train.trained", trained)
    out = tmp_path / "out.json"
    with pytest.raises(Replaced):
        methods.main(["a", "bad", "b", "c", "--steps", "3", "--json", str(out)])
    (call,) = afresh
    how = ["--steps", "3", "--json", str(out), "--go-on"]
    assert call == ["jnerf.benchmark.methods", *how, "b", "c"]
    assert methods.main(call[1:]) == 1
    found = json.loads(out.read_text())
    assert list(found) == ["a", "bad", "b", "c"] and "value" in found["c"]
    assert found["bad"] == {"error": "AssertionError: no"}
