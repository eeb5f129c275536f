"""Jittor's build in our order: same files, same keys; and everything that fails is done Jittor's way."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import jittor_utils
import pytest

from jnerf.runtime import core_build
from jnerf.runtime.core_build import corrected, quick

COMPILER = shutil.which("g++")


@pytest.fixture
def tree(tmp_path):
    """A package of two sources and a header, as Jittor's compiler.py would compile it."""
    import jittor  # noqa: F401  (loads jittor_utils.cc, which knows the keys)

    package, cache = tmp_path / "package", tmp_path / "cache"
    (package / "src").mkdir(parents=True)
    (cache / "obj_files").mkdir(parents=True)
    (package / "src" / "one.h").write_text("inline int one() { return 1; }\n")
    for name in ("a", "b"):
        text = f'#include "one.h"\nint {name}() {{ return one(); }}\n'
        (package / "src" / f"{name}.cc").write_text(text)
    utils = SimpleNamespace(
        cc=jittor_utils.cc,
        cc_path=COMPILER,
        cc_type="g++",
        cache_path=str(cache),
        run_cmd=lambda cmd, *_: f"ran {cmd}",
        run_cmds=None,
        try_import_jit_utils_core=lambda silent=None: None,
    )
    tidy = core_build.install(utils, str(package))

    def command(name: str) -> str:
        output = cache / "obj_files" / f"{name}.cc.o"
        source = package / "src" / f"{name}.cc"
        return f'"{COMPILER}" "{source}"  -Wall -I"{package}/src"  -O2   -c -o "{output}"'

    def recompiled(cmd: str) -> bool:
        return jittor_utils.cc.cache_compile(cmd, str(cache), str(package))

    return SimpleNamespace(
        utils=utils, package=package, cache=cache, command=command, recompiled=recompiled, tidy=tidy
    )


def test_jittor_finds_the_keys_that_it_would_have_written(tree):
    commands = [tree.command("a"), tree.command("b")]
    tree.utils.run_cmds(commands, str(tree.cache), str(tree.package), "Compiling")
    assert not any(map(tree.recompiled, commands))
    (tree.package / "src" / "one.h").write_text("inline int one() { return 2; }\n")
    assert all(map(tree.recompiled, commands))


def test_what_is_up_to_date_is_left_alone_and_what_is_not_is_compiled(tree):
    commands = [tree.command("a"), tree.command("b")]
    tree.utils.run_cmds(commands, "", "", "")
    objects = [tree.cache / "obj_files" / f"{name}.cc.o" for name in "ab"]
    for path in objects:
        path.write_bytes(b"kept")
    (tree.package / "src" / "b.cc").write_text("int b() { return 3; }\n")
    tree.utils.run_cmds(commands, "", "", "")
    assert objects[0].read_bytes() == b"kept" and objects[1].read_bytes() != b"kept"


def test_a_file_that_does_not_compile_is_an_error_and_gets_no_key(tree):
    (tree.package / "src" / "a.cc").write_text("int a( {")
    with pytest.raises(RuntimeError, match=r"a\.cc:1:"):
        tree.utils.run_cmds([tree.command("a")], "", "", "")
    assert not (tree.cache / "obj_files" / "a.cc.o.key").exists()


def test_headers_that_clash_are_left_out(tree, monkeypatch):
    monkeypatch.setattr(core_build, "_HEADERS", ("clash.h",))
    monkeypatch.setattr(core_build, "_WORTH_PRECOMPILING", 1)
    (tree.package / "src" / "clash.h").write_text("struct a { int wrong; };\nstatic void one();\n")
    tree.utils.run_cmds([tree.command("a")], "", "", "")
    assert (tree.cache / "jnerf_core" / "headers.h.gch" / "O2").is_file()
    assert not tree.recompiled(tree.command("a"))
    assert (tree.cache / "obj_files" / "a.cc.o").is_file()
    tree.tidy()
    assert not (tree.cache / "jnerf_core").exists()


def test_data_goes_with_the_rest(tree):
    source = tree.cache / "data.cc"
    source.write_text("int data() { return 4; }\n")
    assert tree.utils.run_cmd(f'"{COMPILER}" -O2 "{source}" -c -o "{tree.cache}/data.o"') == ""
    source.unlink()  # as Jittor does
    tree.utils.run_cmds([tree.command("a")], "", "", "")
    assert (tree.cache / "data.o").is_file()
    tree.tidy()
    assert not (tree.cache / "jnerf_data.cc").exists()


def test_data_that_was_noted_but_never_made_is_forgotten(tree):
    (tree.cache / "data.md5").write_text("0")
    core_build.install(tree.utils, "")
    assert not (tree.cache / "data.md5").exists()


def test_other_commands_pass_through(tree):
    assert tree.utils.run_cmd("python-config --includes") == "ran python-config --includes"


def test_another_compiler_keeps_jittors_way():
    utils = SimpleNamespace(cc_type="clang", run_cmds=len)
    core_build.install(utils, "")()
    assert utils.run_cmds is len


@pytest.mark.parametrize(
    ("source", "level"),
    [("/j/src/executor.cc", "O2"), ("/j/src/opt/expr.cc", "O1"), ("/c/gen/pyjt_core.cc", "O1")],
)
def test_only_what_runs_seldom_is_optimised_less(source, level):
    command = quick(f'"/usr/bin/g++" "{source}" -I"/j/src/opt/" -O2  -c -o "x.o"', Path("/h d/h.h"))
    assert command.startswith("\"/usr/bin/g++\" '-include/h d/h.h' -w ")
    assert re.findall(r"-(O\d)", command) == [level]


def test_the_slip_in_jittors_waiting_is_still_there_and_corrected(tmp_path):
    import jittor

    source = Path(jittor.__file__).parent / "src" / "parallel_compiler.cc"
    command = corrected(f'"g++" "{source}" -c', tmp_path)
    assert command == f'"g++" "{tmp_path}/parallel_compiler.cc" -c'
    text = (tmp_path / "parallel_compiler.cc").read_text()
    assert "std::min(sleep_us*2, 20000)" in text and "1000000)" not in text
    other = f'"g++" "{tmp_path}/other.cc" -c'
    assert corrected(other, tmp_path) == other
