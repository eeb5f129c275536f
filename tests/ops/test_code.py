"""How kernels are identified and for which instructions they are compiled."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from jnerf.errors import ConfigError
from jnerf.ops.common import CODE_ROOT
from jnerf.ops.common.digest import accept, digest, header_folders
from jnerf.ops.common.digest import edited as edited_headers
from jnerf.ops.common.simd import LEVELS, simd_flags


@pytest.fixture
def root(tmp_path):
    files = {
        "common/base.h": "",
        "one/cpu.h": '#include "one/kernel.h"\n',
        "one/kernel.h": '#include "two/part.h"\n  #  include "common/base.h"\n#include <vector>\n',
        "two/part.h": '#include "three.h"\n#include "../outside/far.h"\n',
        "two/three.h": "",
        "outside/far.h": "",
        "other/cpu.h": '#include "one/kernel.h"\n',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_folders_are_followed_through_includes(root):
    names = {path.name for path in header_folders(root, "one")}
    assert names == {"common", "one", "two", "outside"}


@pytest.mark.parametrize(
    "edited, changes",
    [
        ("common/base.h", True),
        ("two/three.h", True),
        ("outside/far.h", True),
        ("other/cpu.h", False),
    ],
)
def test_digest_changes_with_what_the_op_includes_only(root, edited, changes):
    before = digest(root, "one", "")
    (root / edited).write_text("// edited\n")
    assert digest(root, "one", "") == before  # until somebody has seen that it compiles
    found = {k: new for k, (_, new) in edited_headers().items() if k.root == root}
    assert (len(found) == 1) == changes
    for known, new in found.items():
        accept(known, new)
        assert digest(root, "one", "") == new != before


def test_digest_changes_with_the_flags(root):
    assert digest(root, "one", "-O2") != digest(root, "one", "-O3")


def test_an_op_does_not_depend_on_all_others():
    names = {path.name for path in header_folders(CODE_ROOT, "field_mlp")}
    assert names == {"activate", "amx", "common", "cuda", "field_mlp", "mlp", "numbers"}


def test_unknown_level_is_named(monkeypatch):
    monkeypatch.setenv("JNERF_SIMD", "sse9")
    with pytest.raises(
        ConfigError, match="JNERF_SIMD is 'sse9'; choose one of native, avx2, plain"
    ):
        simd_flags()


def test_avx2_needs_an_x86(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setenv("JNERF_SIMD", "plain")
    assert simd_flags() == ""
    monkeypatch.setenv("JNERF_SIMD", "avx2")
    with pytest.raises(ConfigError, match="'avx2', which aarch64 does not have"):
        simd_flags()


LANES = """
import jnerf
from jnerf.ops.common import code_op
import jittor as jt
jt.flags.use_cuda = 0
print(int(code_op("mlp", [(1,)], ["float32"], [], "out0_p[0] = jnerf::GEMM_LANES;")[0].item()))
"""


X86 = platform.machine().lower() in ("x86_64", "amd64")


@pytest.mark.parametrize("level", LEVELS if X86 else ("native", "plain"))
def test_level_reaches_the_compiler(level):
    environment = {**os.environ, "JNERF_SIMD": level}
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", LANES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (
        int(done.stdout.split()[-1]) in {"native": (4, 8, 16), "avx2": (8,), "plain": (4,)}[level]
    )
