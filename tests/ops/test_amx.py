"""AMX: the tile code against the vector code, on emulated tiles, and compiled for a machine that has them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from jnerf.ops.common.code import CODE_ROOT

SOURCE = Path(__file__).parent / "amx" / "compare.cc"
FLAGS = ["-O1", "-std=c++17", "-fopenmp", f"-I{CODE_ROOT}"]


def build(target: Path, *flags: str) -> subprocess.CompletedProcess:
    compiler = shutil.which("g++")
    command = [compiler, *FLAGS, *flags, str(SOURCE), "-o", str(target)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    target = tmp_path_factory.mktemp("amx") / "compare"
    done = build(target, "-march=native", "-DJNERF_EMULATE_AMX")
    assert done.returncode == 0, done.stderr
    return target


@pytest.mark.parametrize("n", [1, 15, 33, 96, 97, 128, 1000])
def test_tiles_and_vectors_agree(program, n):
    out = subprocess.run([program, str(n)], capture_output=True, text=True, check=True).stdout
    *differences, tiles_used = map(float, out.split())
    # both round to bf16 between layers; sums in another order move a value across a rounding now and then
    assert all(d < 0.02 for d in differences)
    assert bool(tiles_used) == (n >= 16)


def test_compiles_for_a_machine_with_amx(tmp_path):
    source, target = tmp_path / "real.cc", tmp_path / "real.s"
    source.write_text('#include "mlp/cpu.h"\nauto* used = &jnerf::mlp_backward;\n')
    flags = "-mavx512f -mavx512bw -mavx512vl -mavx512bf16 -mamx-tile -mamx-bf16".split()
    command = [shutil.which("g++"), *FLAGS, "-march=x86-64-v3", *flags, "-S", str(source)]
    done = subprocess.run([*command, "-o", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assembly = target.read_text()
    for instruction in ("ldtilecfg", "tileloadd", "tdpbf16ps", "tilestored", "tilerelease"):
        assert instruction in assembly
