"""``make test-cuda`` where there is no GPU: it says so; and what a cut part leaves behind."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmark_records import make

from jnerf.benchmark import cli
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
    (tmp_path / "summary.json").unlink()  # else it would go on from there
    assert script.summary([("doctor", "passed", 2.0)]) == 0


def test_every_method_is_there_and_can_be_emptied(script):
    ours = {Path(file).resolve().parent.parent.name for file in map(find_config, script.FURTHER)}
    ours |= {Path(file).parent.parent.name for file in script.METHODS}
    projects = {path.parent.parent.name for path in ROOT.glob("projects/*/configs/*.py")}
    tasks = {Path(file).resolve().parent.parent.name for file in map(find_config, script.TASKS)}
    assert projects == ours | tasks and not {"barf", "dsnerf", "image", "sdf"} & ours
    for file in [*script.METHODS, *script.FURTHER]:
        for config in variants(str(find_config(ROOT / file if "/" in file else file))):
            found = rehearse(config, build_dataset(config, "train"))
            assert "modules" not in found.faults and "training" not in found.faults, file
            assert len(found.foresight.kernels) > 10


def test_all_parts_together_take_six_minutes_at_most(script, monkeypatch):
    monkeypatch.setattr(script, "find_sanitizer", lambda environ: "/bin/compute-sanitizer")
    stages = script.parts(dry=False)
    waited = [stage for stage in stages if not stage[0].beside]
    most = {stage[0].name: max(part.seconds for part in stage) for stage in waited}
    assert sum(most.values()) <= 360
    (cpu,) = (stage[0] for stage in stages if stage[0].beside)
    names = list(most)
    between = names[names.index("tests") : names.index("small_cuda")]
    assert cpu.beside == "small_cuda" and cpu.seconds <= sum(most[name] for name in between)
    tools = {
        part.name: part for stage in stages for part in stage if part.name in script.SANITIZERS
    }
    everything = {*script.METHODS, *script.FURTHER}
    assert len(tools) == 3
    for part in tools.values():
        assert everything <= {word for command in part.commands for word in command}
    assert [part.name for stage in script.parts(dry=True) for part in stage] == [
        *("demo", "doctor", "train", "small_cpu", "tests", "steps", "small_cuda"),
        *("render", "profile", "host", "ops"),
    ]
    (long,) = script.parts(dry=False, long=True)[-1]
    assert long.name == "long" and sum(most.values()) + long.seconds <= 540  # of ten minutes


def test_only_files_whose_tests_take_a_device_are_asked(script):
    files = script._cuda_tests()
    assert "tests/ops/test_ema.py" in files and "tests/samplers/test_neus.py" in files
    assert not any(file.startswith(("tests/viewer", "tests/mesh", "tests/tools")) for file in files)


def test_methods_are_compared_also_where_some_are_missing(script, tmp_path, capsys):
    value = {"metric": "psnr", "value": 20.0}
    here = {"ngp_embedded": value, "barf_embedded": value, "nerfw_embedded": {"error": "no"}}
    there = {"ngp_embedded": value | {"value": 20.1}, "barf_embedded": value | {"value": 20.3}}
    (tmp_path / "small_cpu_0.json").write_text(json.dumps(here))
    (tmp_path / "small_cuda_0.json").write_text(json.dumps(there))
    assert script.summary([("small_cuda", "passed", 20.0)]) == 1
    told = capsys.readouterr().out
    assert f"(1 of {len(script.SMALL)} as on the CPU)" in told
    rows = {r["method"]: r for r in json.loads((tmp_path / "summary.json").read_text())["methods"]}
    assert len(rows) == len(script.SMALL)
    assert rows["ngp_embedded"]["result"] == "same" and rows["barf_embedded"]["result"] == "differs"
    assert rows["nerfw_embedded"]["result"] == "failed on CPU and GPU"
    assert rows["tensorf_embedded"]["result"] == "not done on CPU and GPU"


_LEGO = "projects/ngp/configs/ngp_lego.py"
_FAKE = """\
#!/bin/sh
echo "$@" >> {log}
while [ $# -gt 0 ]; do all="$all $1"; [ "$1" = --json ] && out=$2; shift; done
case "$all" in
  *"benchmark.py train"*) cp {records}/train.json $out;;
  *"benchmark.py render"*) cp {records}/render.json $out;;
  *"benchmark.py ways"*) echo begun; sleep 60;;
  *"benchmark.py profile"*) echo broken; exit 3;;
  *"-m pytest"*) echo "tests/a.py::test_a[cuda] PASSED"; echo "tests/a.py::test_b[cuda] FAILED"; exit 1;;
  *small_c*) echo '{{"ngp_embedded": {{"metric": "psnr", "value": 20}}}}' > $out;;
esac
"""


def test_the_whole_command_goes_on_where_parts_fail_or_are_cut(script, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    out = tmp_path / "out"
    fake = _FAKE.format(log=tmp_path / "called", records=tmp_path / "bin")
    for name in ("python", "compute-sanitizer"):
        (tmp_path / "bin" / name).write_text(fake)
        (tmp_path / "bin" / name).chmod(0o755)
    for kind in ("train", "render"):
        (tmp_path / "bin" / f"{kind}.json").write_text(json.dumps(of_lego(kind)))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(script, "OUT", out)
    monkeypatch.setattr(script.sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(script, "_device", lambda: "cuda")
    parts = script.parts

    def short(*arguments):
        stages = parts(*arguments)
        return [[replace(p, seconds=2) if p.name == "ways" else p for p in s] for s in stages]

    monkeypatch.setattr(script, "parts", short)
    assert script.main(["--long"]) == 1
    monkeypatch.setattr(script, "parts", parts)
    found = json.loads((out / "summary.json").read_text())
    said = {row["part"]: row["result"] for row in found["parts"]}
    assert list(said) == [
        *("demo", "doctor", "train", "ways", "tests", "steps", *script.SANITIZERS),
        *("small_cuda", "small_cpu", "render", "profile", "host", "ops", "long"),
    ]
    assert said.pop("ways") == "cut after 2 s" and (out / "ways.log").read_text() == "begun\n"
    assert said.pop("tests") == "failed with status 1" and said.pop("profile").endswith("3")
    assert set(said.values()) == {"passed"}
    assert found["failed"] == ["tests/a.py::test_b[cuda]"] and found["passed"] == 1
    assert found["methods"][0]["result"] == "same"
    told = (out / "summary.txt").read_text()
    assert "| config | scene | PSNR, black | training seconds |" in told
    called = (tmp_path / "called").read_text()
    assert called.index("jnerf.doctor") < called.index("benchmark.py train") < called.index("ways")
    for tool in script.SANITIZERS:
        assert f"--tool {tool} --target-processes application-only" in called
    judged = {row["what"].partition(":")[0]: row["result"] for row in found["goals"]}
    assert judged["lego, 2^18 samples a step"] == "missed" and judged["tests on CUDA that fail"]
    # The README's table, by one command.
    readme = tmp_path / "README.md"
    readme.write_text("<!-- benchmark:gpu goals -->\n<!-- /benchmark -->\n")
    assert cli.main(["report", str(out / "records" / "gpu.json"), "--write", str(readme)]) == 0
    assert "| lego, 2^18 samples a step: steps/s" in readme.read_text()
    # One part again; the others' results stay. What the CPU has is brought along.
    fake_python = tmp_path / "bin" / "python"
    fake_python.write_text(fake.replace("sleep 60", f"cp {tmp_path}/bin/ways.json $out"))
    (tmp_path / "bin" / "ways.json").write_text(json.dumps(make("ways")))
    again = ["--only", "ways", "small_cpu", "--cpu", str(out)]
    (tmp_path / "called").unlink()
    assert script.main(again) == 1
    assert "small_cpu" not in (tmp_path / "called").read_text()
    found = json.loads((out / "summary.json").read_text())
    assert {row["part"]: row["result"] for row in found["parts"]} == {
        **dict.fromkeys((row["part"] for row in found["parts"]), "passed"),
        **{"tests": "failed with status 1", "profile": "failed with status 3"},
    }
    assert (
        "march, 9 rays: faster with JNERF_CUDA_WAYS=march=one" in (out / "summary.txt").read_text()
    )


def of_lego(kind):
    """A record of a training that took 100 ms a step, or of its view."""
    record = make(kind)
    if kind == "render":
        record["results"]["config"] = _LEGO
    else:
        (run,) = record["results"]["runs"]
        rows = [{"step": s, "seconds": s / 10, "samples_per_s": 1e6} for s in (50, 100)]
        run |= {"config": _LEGO, "curve": rows}
    return record


def test_what_cannot_be_chosen_is_said(script, tmp_path, capsys):
    for arguments, said in (
        (["--only", "test"], "--only: there is no part 'test' here, but demo, doctor, train"),
        (["--cpu", str(tmp_path)], "has no small_cpu_*.json; --only small_cpu makes them"),
    ):
        with pytest.raises(SystemExit) as stopped:
            script.main(arguments)
        assert stopped.value.code == 2 and said in capsys.readouterr().err


def test_the_cpus_part_needs_no_gpu_and_waits_for_itself(script, monkeypatch):
    done = []
    monkeypatch.setattr(script.Runner, "run_all", lambda self, stages, *_: done.append(stages))
    monkeypatch.setattr(script, "_device", lambda: "no GPU")
    assert script.main(["--only", "small_cpu"]) == 0
    (((part,),),) = done
    assert part.name == "small_cpu" and not part.beside and part.device == "cpu"


_NGP = "projects/ngp/configs/ngp_embedded.py"
_EMULATED = {
    "methods": ["-m", "jnerf.benchmark.methods", "--steps", "3", "--json", "OUT", _NGP],
    "steps": ["-m", "jnerf.benchmark.host.small_steps", _NGP],
    "ways": ["tools/benchmark.py", "ways", "--samples", "512", "--repeat", "1", "--json", "OUT"],
    "train": ["tools/benchmark.py", "train", "--config-file", _NGP, "--steps", "20", "--json", "OUT"],
    "profile": ["tools/benchmark.py", "profile", "--config-file", _NGP, "--steps", "4", "--json", "OUT"],
    "host": ["tools/benchmark.py", "host", "--config-file", _NGP, "--steps", "16", "--json", "OUT"],
}  # fmt: skip


@pytest.mark.parametrize("part", _EMULATED if os.environ.get("JNERF_CUDA_ON_HOST") else ["steps"])
def test_parts_run_with_the_cuda_sources_on_the_cpu(script, part, tmp_path):
    helpers = ROOT / "tests" / "helpers"
    command = [word.replace("OUT", str(tmp_path / "out.json")) for word in _EMULATED[part]]
    if part == "train":
        command += ["evaluation.steps=[5,10]", "evaluation.n_images=1", "report=False"]
    command += ["--warm-up", "1"] if part == "profile" else []
    command += script._TINY if part in ("train", "profile") else []
    environment = {k: v for k, v in os.environ.items() if k != "JNERF_CUDA_ON_HOST"}
    environment |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{helpers}", "JNERF_REHEARSE": "0"}
    environment |= {"JNERF_KERNELS": os.environ.get("JNERF_KERNELS_OF_TESTS", "emulated")}
    done = subprocess.run(
        [sys.executable, str(helpers / "emulated.py"), *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert part == "steps" or (tmp_path / "out.json").is_file()


def test_without_a_sanitizer_its_parts_did_not_pass(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "find_sanitizer", lambda environ: None)
    monkeypatch.setattr(script, "_device", lambda: "cuda")
    assert script.main(["--only", *script.SANITIZERS]) == 1
    assert capsys.readouterr().out.count("not run: no compute-sanitizer") == 3


def test_nothing_was_compiled_before_whatever_asking_for_the_device_leaves(
    script, tmp_path, monkeypatch
):
    monkeypatch.setenv("JITTOR_HOME", str(tmp_path))
    assert script._cold()
    cache = tmp_path / ".cache" / "jittor"
    (cache / "onednn").mkdir(parents=True)
    assert script._cold()
    built = cache / "jt1.3.11" / "g++12" / "py3.11" / "Linux" / "EPYC" / "ef15" / "jnerf-cuda-1"
    built.mkdir(parents=True)
    assert script._cold()
    (built / "jnerf_ready").write_text("cuda\n")
    assert not script._cold()


def test_sigterm_ends_all_and_leaves_a_summary(script, tmp_path, monkeypatch):
    part = script.Part("ops", 60, [["sh", "-c", "kill -TERM $0; sleep 60", str(os.getpid())]])
    before = script.Part("ways", 9, [["true"]])
    monkeypatch.setattr(script, "parts", lambda *_: [[before], [part]])
    monkeypatch.setattr(script, "_device", lambda: "cuda")
    ours = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Ray leaves a handler of its own in a process of tests
    try:
        assert script.main(["--only", "ways", "ops"]) == 143
    finally:
        signal.signal(signal.SIGTERM, ours if ours is not None else signal.SIG_DFL)
    found = json.loads((tmp_path / "summary.json").read_text())
    said = {row["part"]: row["result"] for row in found["parts"]}
    assert said == {"ways": "passed", "ops": "interrupted"}
