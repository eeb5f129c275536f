"""Processes with kernels of their own: nothing is compiled twice, nothing stale is taken over, nobody waits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from jnerf.runtime import SetupError
from jnerf.runtime.kernels import compiler as kernel_compiler
from jnerf.runtime.kernels import sharing as kernel_sharing

ROOT = Path(__file__).resolve().parents[3]
TUNER = "/jittor/utils/asm_tuner.py"


@pytest.fixture
def script(tmp_path):
    """Runs the script for the process ``name``; the stand-in for a compiler notes that it was called."""
    calls = tmp_path / "calls"
    calls.write_text("")
    compile_it = tmp_path / "compile.sh"
    compile_it.write_text(
        f'echo compiled >>{calls}\nshift 2\nexec g++ "$@"\n'  # as kernel_compiler's, without its headers
    )
    shared = tmp_path / "sha red"
    shared.mkdir()
    path = tmp_path / "share.sh"
    path.write_text(kernel_sharing.script_text(shared))

    def run(name: str, text: str, *flags: str, tuner: str = TUNER) -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "k_op.cc").write_text(text)
        words = [str(compile_it), tuner, "--cc_path=g++", str(folder / "k_op.cc"), "-shared"]
        words += ["-fPIC", f"-I{tmp_path}", *flags, "-o", str(folder / "k_op.so")]
        done = subprocess.run(["/bin/sh", str(path), *words], capture_output=True, text=True)
        return done.stderr if done.returncode else ""

    run.count = lambda: len(calls.read_text().split())
    run.folder = tmp_path
    return run


def test_kernels_of_nvcc_are_shared_too(tmp_path):
    calls, nvcc = tmp_path / "calls", tmp_path / "nv cc"
    nvcc.write_text(f'#!/bin/sh\necho called >>{calls}\nexec g++ "$@"\n')  # a stand-in
    nvcc.chmod(0o755)
    path = tmp_path / "share.sh"
    path.write_text(kernel_sharing.script_text(tmp_path, str(nvcc)))
    path.chmod(0o755)
    (tmp_path / "h.h").write_text("#define H 1\n")
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "k.cc").write_text('#include "h.h"\nint f() { return H; }\n')
        if name == "c":
            (tmp_path / "h.h").write_text("#define H 2\n")
        words = [str(tmp_path / name / "k.cc"), "-shared", "-fPIC", f"-I{tmp_path}", "-o"]
        subprocess.run([path, *words, str(tmp_path / name / "k.so")], check=True)
    a, b, c = ((tmp_path / name / "k.so").read_bytes() for name in "abc")
    assert a == b != c and len(calls.read_text().split()) == 2
    subprocess.run([path, "--version"], check=True, stdout=subprocess.DEVNULL)
    assert len(calls.read_text().split()) == 3  # what makes no library goes through


def libraries(script) -> tuple[bytes, bytes]:
    first, second = ((script.folder / name / "k_op.so").read_bytes() for name in "ab")
    return first, second


def test_the_second_process_copies(script):
    (script.folder / "h.h").write_text("#define H 1\n")
    for name in "ab":
        assert script(name, '#include "h.h"\nint f() { return H; }\n') == ""
    assert script.count() == 1
    assert len(set(libraries(script))) == 1


@pytest.mark.parametrize("change", ["header", "source", "flags"])
def test_what_has_changed_is_compiled(script, change):
    (script.folder / "h.h").write_text("#define H 1\n")
    text = '#include "h.h"\nint f() { return H; }\n'
    assert script("a", text) == ""
    if change == "header":
        (script.folder / "h.h").write_text("#define H 2\n")
    text = text.replace("H;", "H + 1;") if change == "source" else text
    assert script("b", text, *(["-O3"] if change == "flags" else [])) == ""
    assert script.count() == 2
    assert len(set(libraries(script))) == 2


def test_an_error_is_told_and_not_kept(script):
    for name in "ab":
        assert "error: #error this" in script(name, "#error this\n")
    assert script.count() == 2


def test_what_was_interrupted_is_compiled_again(script):
    text = "int f() { return 1; }\n"
    script("a", text)
    for headers in (script.folder / "sha red").glob("*.headers"):
        headers.unlink()
    assert script("b", text) == ""
    assert script.count() == 2


def test_other_commands_pass_through(script):
    assert script("a", "int f();\n", tuner="/jittor/utils/dlink_compiler.py") == ""
    assert script.count() == 1 and list((script.folder / "sha red").iterdir()) == []


def fake_jittor(cache: Path) -> SimpleNamespace:
    locks = []
    flags = SimpleNamespace(cache_path=str(cache), python_path="python", nvcc_path="")
    return SimpleNamespace(
        flags=flags, core=SimpleNamespace(set_lock_path=locks.append), locks=locks
    )


def test_without_a_name_nothing_changes(tmp_path, monkeypatch):
    monkeypatch.delenv("JNERF_KERNELS", raising=False)
    jittor = fake_jittor(tmp_path)
    assert not kernel_sharing.separate(jittor)
    assert jittor.flags.cache_path == str(tmp_path) and list(tmp_path.iterdir()) == []


def test_each_name_has_its_folder_and_its_lock(tmp_path, monkeypatch):
    folders = set()
    for name in ("one", "two", "two"):
        monkeypatch.setenv("JNERF_KERNELS", name)
        jittor = fake_jittor(tmp_path)
        assert kernel_sharing.separate(jittor)
        own = Path(jittor.flags.cache_path)
        assert own.name == name and (own / "jit").is_dir()
        assert jittor.locks == [str(own / "jittor.lock")] and Path(jittor.locks[0]).is_file()
        assert jittor.flags.python_path == "python"  # the kernel compiler is not installed here
        assert (own / "gen").resolve() == tmp_path / "gen"
        folders.add(own)
    assert len(folders) == 2


@pytest.mark.parametrize("name", ["a/b", "..", " "])
def test_a_name_that_is_none_is_an_error(tmp_path, monkeypatch, name):
    monkeypatch.setenv("JNERF_KERNELS", name)
    with pytest.raises(SetupError, match="JNERF_KERNELS is"):
        kernel_sharing.separate(fake_jittor(tmp_path))
    assert list(tmp_path.iterdir()) == []


KERNEL = """
import jnerf, jittor as jt
jt.flags.use_cuda = 0
print(jt.flags.cache_path)
print(jt.flags.python_path)
print((jt.array([1.0, 2.0]) * 3.0 + 0.5).numpy().tolist())
"""


def test_the_real_jittor_takes_over_what_another_process_compiled():
    import jittor as jt

    if not kernel_compiler.installed(jt):
        pytest.skip("Jittor is built for CUDA here")
    shared = Path(jt.flags.cache_path, kernel_compiler.FOLDER, "shared").resolve()
    outputs, kept = [], []
    for name in ("test_sharing_a", "test_sharing_b"):
        environment = {**os.environ, "JNERF_KERNELS": name}
        done = subprocess.run(
            [sys.executable, "-c", KERNEL],
            capture_output=True,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout.split("\n"))
        kept.append({path: path.stat().st_mtime_ns for path in shared.glob("*.so")})
    folders = [Path(lines[0]) for lines in outputs]
    assert folders[0] != folders[1] and "share_" in outputs[0][1]
    assert [lines[2] for lines in outputs] == ["[3.5, 6.5]"] * 2
    first, second = ({path.name: path.read_bytes() for path in f.glob("jit/*.so")} for f in folders)
    for folder in folders:
        shutil.rmtree(folder)
    assert first == second and first
    used = [path for path in kept[0] if path.read_bytes() in first.values()]
    assert len(used) >= len(first)
    for path in used:  # the second process has compiled nothing
        assert kept[0][path] == kept[1][path]
