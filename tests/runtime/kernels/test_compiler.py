"""The stand-in for asm_tuner.py, and the precompiled headers: what they do, and that nothing depends on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from jnerf.runtime import precompiled
from jnerf.runtime.kernels import compiler as kernel_compiler

COMPILER = shutil.which("g++")
KERNEL = '#include "other.h"\nextern "C" int answer() { return OTHER; }\n'


@pytest.fixture
def script(tmp_path):
    """Runs the script as Jittor runs it; ``python`` notes its arguments in place of compiling."""
    python = tmp_path / "py thon"
    python.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\n')
    python.chmod(0o755)
    header = tmp_path / "headers.h"
    header.write_text("#define OTHER 42\n")
    (tmp_path / "other.h").write_text("")
    path = tmp_path / "compile.sh"
    path.write_text(kernel_compiler.script_text(header, str(python)))

    def run(text: str, tuner: str = "/jittor/utils/asm_tuner.py"):
        source, library = tmp_path / "k_op.cc", tmp_path / "k_op.so"
        source.write_text(text)
        command = (
            f'/bin/sh {path} {tuner} --cc_path="{COMPILER}" "{source}" -shared -fPIC -o "{library}"'
        )
        return subprocess.run(command, shell=True, capture_output=True, text=True), library

    run.header, run.called = header, tmp_path / "called"
    return run


def test_a_kernel_is_compiled_with_the_headers_and_without_python(script):
    result, library = script(KERNEL)
    assert result.returncode == 0 and library.is_file(), result.stderr
    assert not script.called.exists()


def test_headers_that_are_broken_or_gone_are_left_out(script):
    text = KERNEL.replace("OTHER;", "7;")
    for break_it in (lambda: script.header.write_text("#error broken"), script.header.unlink):
        break_it()
        result, library = script(text)
        assert result.returncode == 0 and library.is_file(), result.stderr
        library.unlink()


BEGIN = '//@begin replace "a" "b"\n'
ALIGNED = 'void f() {{ asm("vmovaps %ymm0, 32({})"); }}\n'


@pytest.mark.parametrize("store", ["", ALIGNED.format("%rsp"), ALIGNED.format("%rbp")])
def test_nothing_to_tune_is_compiled_at_once(script, store):
    result, library = script(BEGIN + store + KERNEL)
    assert result.returncode == 0 and library.is_file(), result.stderr
    assert not script.called.exists()
    assert not list(library.parent.glob("*.s"))


def test_what_is_to_be_tuned_and_does_not_compile_is_an_error(script):
    script(BEGIN + "#error this\n")
    assert script.called.exists()  # Python's tuner tells


@pytest.mark.parametrize(
    ("text", "tuner"),
    [
        (BEGIN + ALIGNED.format("%rax,%rcx"), "/jittor/utils/asm_tuner.py"),
        (BEGIN + ALIGNED.format("%rdi"), "/jittor/utils/asm_tuner.py"),
        ("", "/jittor/dlink_compiler.py"),
    ],
)
def test_what_needs_python_gets_it(script, text, tuner):
    result, library = script(text + KERNEL, tuner)
    assert result.returncode == 0
    assert script.called.read_text().startswith(f"{tuner} --cc_path={COMPILER} ")
    assert str(library) in script.called.read_text()


def test_an_error_is_told_once_and_a_warning_too(script):
    result, _ = script("#error this\n")
    assert result.returncode != 0 and result.stderr.count("error: #error this") == 1
    result, _ = script('#warning "look"\n' + KERNEL)
    assert result.returncode == 0 and "look" in result.stderr


def fake_jittor(folder: Path, **changes: object) -> SimpleNamespace:
    flags = dict(cc_type="g++", cc_path=COMPILER, nvcc_path="", cache_path=str(folder))
    flags |= dict(cc_flags='-std=c++14 -shared -L"/lib" -ldl -fopenmp -O2', python_path="python")
    flags |= dict(jittor_path=str(folder.parent / "jittor"), use_parallel_op_compiler=16)
    return SimpleNamespace(flags=SimpleNamespace(**(flags | changes)))


def test_gcc_takes_the_precompiled_form_of_its_flags(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_compiler, "_HEADERS", "#define OTHER 42\n#include <vector>\n")
    jittor = fake_jittor(tmp_path / "a cache")
    assert kernel_compiler.install(jittor)
    assert jittor.flags.python_path.startswith("/bin/sh '")
    kernel_compiler.precompile(jittor, "-O3 -std=c++17")
    kernel_compiler.wait()
    (header,) = (tmp_path / "a cache" / "jnerf_kernels").glob("headers_*.h")
    forms = sorted((header.parent / f"{header.name}.gch").iterdir())
    assert len(forms) == 2
    (tmp_path / "k.cc").write_text("int answer() { return OTHER; }")
    for flags in ("-std=c++14 -fopenmp -O2", "-std=c++14 -fopenmp -O2 -O3 -std=c++17"):
        command = [COMPILER, "-H", precompiled.include_flag(header), *flags.split(), "-c"]
        command += [str(tmp_path / "k.cc"), "-o", str(tmp_path / "k.o")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        assert f"! {header}.gch" in said, said  # GCC's mark of a precompiled header in use


def test_a_second_process_does_not_repeat_the_work_and_the_oldest_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_compiler, "_HEADERS", "struct a;\n")
    monkeypatch.setattr(kernel_compiler, "_KEPT", 2)
    jittor = fake_jittor(tmp_path)
    kernel_compiler.install(jittor)
    for level in ("-O1", "-O3"):
        kernel_compiler.wait()
        time.sleep(0.02)
        kernel_compiler.precompile(jittor, level)
    kernel_compiler.wait()
    (forms,) = (tmp_path / "jnerf_kernels").glob("*.gch")
    assert len(list(forms.iterdir())) == 2
    kernel_compiler.precompile(jittor, "-O3")
    assert kernel_compiler._at_work == []


def test_edited_headers_of_jittor_are_precompiled_again(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_compiler, "_HEADERS", "#include <var.h>\n")
    source = tmp_path / "jittor" / "src"
    source.mkdir(parents=True)
    jittor = fake_jittor(tmp_path / "cache", cc_flags=f"-I{source}")
    found = set()
    for text in ("struct a;\n", "struct longer;\n"):
        (source / "var.h").write_text(text)
        jittor.flags.python_path = "python"
        assert kernel_compiler.install(jittor)
        kernel_compiler.wait()
        found |= set((tmp_path / "cache" / "jnerf_kernels").glob("headers_*.gch/*"))
    assert len(found) == 2
    assert [path.exists() for path in sorted(found, key=str)].count(
        True
    ) == 1  # the old one is gone


def test_work_of_another_process_is_respected_until_it_is_stale(tmp_path):
    header = tmp_path / "h.h"
    header.write_text("struct a;\n")
    target, part = tmp_path / "h.h.gch" / "x", tmp_path / ".x.part"
    part.touch()
    assert precompiled.start(COMPILER, [], header, target) is None
    os.utime(part, (time.time() - 1000,) * 2)
    precompiled.start(COMPILER, [], header, target).wait()
    assert target.is_file() and not part.exists()


def test_flags_that_do_not_compile_leave_no_litter(tmp_path):
    header = tmp_path / "h.h"
    header.write_text("#error\n")
    precompiled.start(COMPILER, [], header, tmp_path / "h.h.gch" / "x").wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.h", "h.h.gch"]


@pytest.mark.parametrize("changes", [{"cc_type": "clang"}, {"nvcc_path": "/usr/bin/nvcc"}])
def test_elsewhere_jittor_stays_as_it_is(tmp_path, changes):
    jittor = fake_jittor(tmp_path, **changes)
    assert not kernel_compiler.install(jittor)
    kernel_compiler.precompile(jittor)
    assert jittor.flags.python_path == "python" and list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "jnerf_kernels").write_text("a file, not a folder")
    jittor = fake_jittor(tmp_path)
    assert not kernel_compiler.install(jittor)
    assert jittor.flags.python_path == "python"


def test_the_real_jittor_uses_it():
    import jittor as jt

    if jt.flags.nvcc_path:
        pytest.skip("Jittor is built for CUDA here")
    assert "/jnerf_kernels/compile_" in jt.flags.python_path
