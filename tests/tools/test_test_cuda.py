"""``make test-cuda`` where there is no GPU: it says so; and what a cut part leaves behind."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jnerf.benchmark.host.emptied import variants
from jnerf.config import find_config
from jnerf.engine.pipeline.build import build_dataset
from jnerf.engine.rehearsal import rehearse

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tools" / "test_cuda.py"


@pytest.fixture
def script(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("test_cuda_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OUT", tmp_path)
    monkeypatch.setenv("JNERF_KERNELS", "x")
    return module


def test_without_a_gpu_it_says_so_in_one_line():
    environment = os.environ | {"JNERF_DEVICE": "cpu"}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("test_cuda.py: there is no GPU") and done.stderr.count("\n") == 1


def test_a_part_is_cut_with_all_that_it_started_and_keeps_its_output(script, tmp_path):
    part = script.Part("long", 1, ["sh", "-c", "echo begun; sleep 60 & echo $!; wait"])
    said, seconds = script.run(part, 1.0)
    assert said == "cut after 1 s" and seconds < 30
    begun, child = (tmp_path / "long.log").read_text().split()
    assert begun == "begun"
    for _ in range(50):  # until the end of the child is noticed
        if not _runs(int(child)):
            break
        time.sleep(0.1)
    assert not _runs(int(child))
    assert script.run(script.Part("bad", 9, ["false"]), 1.0)[0] == "failed with status 1"


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_failing_tests_are_named_last_also_of_a_run_that_was_cut(script, tmp_path, capsys):
    log = (
        "[gw0] [ 1%] PASSED tests/a.py::test_a[cuda]\n[gw1] [ 2%] FAILED tests/a.py::test_b[cuda]\n"
    )
    (tmp_path / "tests.log").write_text(log + "tests/c.py::test_d[cuda] FAILED [ 3%]\n")
    status = script.summary([("doctor", "passed", 2.0), ("tests", "cut after 110 s", 110.0)])
    told = capsys.readouterr().out
    assert status == 1 and told.startswith("failed: tests/a.py::test_b[cuda]\nfailed: tests/c.py::")
    assert "(1 passed, 2 failed)" in told and (tmp_path / "summary.txt").read_text() == told
    found = json.loads((tmp_path / "summary.json").read_text())
    assert (found["passed"], len(found["failed"])) == (1, 2)
    assert found["parts"][1] == {"part": "tests", "seconds": 110.0, "result": "cut after 110 s"}
    assert script.summary([("doctor", "passed", 2.0)]) == 0


def test_every_method_is_there_and_can_be_emptied(script):
    ours = {Path(file).resolve().parent.parent.name for file in map(find_config, script.FURTHER)}
    ours |= {Path(file).parent.parent.name for file in script.METHODS}
    projects = {path.parent.parent.name for path in ROOT.glob("projects/*/configs/*.py")}
    # cameras that learn, depth of photographs, and tasks without rays
    assert projects - ours == {"barf", "dsnerf", "image", "sdf"}
    for file in [*script.METHODS, *script.FURTHER]:
        for config in variants(str(find_config(ROOT / file if "/" in file else file))):
            found = rehearse(config, build_dataset(config, "train"))
            assert "modules" not in found.faults and "training" not in found.faults, file
            assert len(found.foresight.kernels) > 10


def test_all_parts_together_take_six_minutes_at_most(script):
    assert sum(part.seconds for part in script.parts(dry=False)) <= 360
    assert [part.name for part in script.parts(dry=True)] == [
        *("doctor", "tests", "steps", "ops", "train", "render", "host", "profile")
    ]
