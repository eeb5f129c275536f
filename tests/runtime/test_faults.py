"""Machines on which a compiler fails, old Pythons and missing packages: one sentence each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import fake_jittor
import pytest

from jnerf.command_line import exit_status
from jnerf.runtime import faults

FULL = "as: x.o: No space left on device"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (FULL, "the disk is full where"),
        ("g++: fatal error: Killed signal terminated program cc1plus", "for want of memory"),
        (
            "[Reason]: out of GPU memory: 8 bytes (1 MiB) for mlp\x1b[m\n***",
            "out of GPU memory: 8 bytes (1 MiB) for mlp. Let fewer samples go through",
        ),
        (
            "[f cuda_device_allocator.cc:31] Unable to alloc cuda device memory for size 4096\n",
            "out of GPU memory: 4096 bytes for an array. Let fewer samples go through",
        ),
        (
            "CUDA error at x.cc:5  code=2( cudaErrorMemoryAllocation ) cudaMalloc(&p, n)",
            "out of GPU memory. Let fewer samples go through",
        ),
        (
            "/opt/conda/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by x.so)",
            "/opt/conda/lib/libstdc++.so.6 of this Python is older than the compiler's",
        ),
    ],
)
def test_what_is_behind_a_compilers_output(tmp_path, output, words):
    assert words in faults.fault(output, tmp_path)


def test_what_is_not_the_machines_fault_stays_as_it_is(tmp_path):
    assert faults.fault("error: expected ';'", tmp_path) == ""


def test_a_disk_that_is_full_without_saying_so(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=4096))
    said = faults.fault("ld terminated", tmp_path)
    assert str(tmp_path) in said and "set JITTOR_HOME or XDG_CACHE_HOME" in said


@pytest.mark.parametrize("count", [1, 3])
def test_a_full_disk_while_jittor_is_built_or_imported(tmp_path, count):
    """The first imports are those of the child that builds, in our way and in Jittor's; the third is the program's."""
    fake_jittor.install(tmp_path / "packages")
    fault = f"if count >= {count} or count == 1: raise RuntimeError({FULL!r})"
    code = "import jnerf\ntry: import jittor\nexcept ImportError as error: print(error)"
    done = fake_jittor.run(code, tmp_path, tmp_path / "packages", FAKE_JITTOR=fault)
    assert done.stdout.startswith("Jittor c") and done.stdout.count("\n") == 1, done.stderr
    assert "the disk is full where" in done.stdout


def test_a_full_disk_while_a_kernel_is_compiled(capsys):
    import jittor  # noqa: F401  (whose folder it is)

    def fails():
        raise RuntimeError(FULL)

    assert exit_status(fails, "") == 1
    said = capsys.readouterr().err
    assert said.startswith("error: the disk is full where") and said.count("\n") == 1


def test_other_errors_keep_their_traceback():
    def fails():
        raise RuntimeError("a mistake of ours")

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        exit_status(fails, "")


TOOLS = (
    ["tools/run_net.py", "--config-file", "projects/ngp/configs/ngp_embedded.py"],
    ["tools/benchmark.py", "ops"],
    ["-m", "jnerf.doctor"],
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool[-1])
def test_an_old_python(tool, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 9, 18)")
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, *tool]
    done = subprocess.run(command, cwd=fake_jittor.ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "jnerf needs Python 3.10 or newer, this is 3.9.18.\n"


@pytest.mark.parametrize("tool", TOOLS[:2], ids=lambda tool: tool[-1])
def test_a_python_without_the_packages(tool):
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-S", *tool]
    done = subprocess.run(command, cwd=fake_jittor.ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert "is not installed in" in done.stderr and done.stderr.count("\n") == 1
    assert "make demo" in done.stderr
