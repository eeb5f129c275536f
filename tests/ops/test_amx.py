"""AMX: the tile code against the vector code, on emulated tiles, and compiled for a machine that has them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from jnerf.ops.common.code import CODE_ROOT

SOURCE = Path(__file__).parent / "amx" / "compare.cc"
FLAGS = ["-O1", "-std=c++17", "-fopenmp", f"-I{CODE_ROOT}"]
# The instructions of the first machines with AMX, by name: GCC 10 does not know them under -march=sapphirerapids.
AMX = ["-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512bf16", "-mamx-tile", "-mamx-bf16"]


def run(*command: str | Path | int) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def macros(*flags: str) -> str:
    return run(shutil.which("g++"), *flags, "-dM", "-E", "-x", "c++", "/dev/null")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if "__AVX512BF16__" not in macros("-march=native"):
        pytest.skip("no bf16 instructions, which go with AMX wherever it is")
    target = tmp_path_factory.mktemp("amx") / "compare"
    flags = [*FLAGS, "-march=native", "-DJNERF_EMULATE_AMX"]
    run(shutil.which("g++"), *flags, SOURCE, "-o", target)
    return target


@pytest.mark.parametrize("widths", ["narrow", "wide", "alike"])
@pytest.mark.parametrize("n", [1, 15, 63, 64, 65, 128, 1000])
def test_tiles_and_vectors_agree(program, n, widths):
    which = ["narrow", "wide", "alike"].index(widths)
    *differences, products, without = map(float, run(program, n, which).split())
    # both round to bf16 between layers; sums in another order move a value across a rounding now and then
    assert all(d < 2e-3 for d in differences)
    assert products > 0 and without == 0


def test_compiles_for_a_machine_with_amx(tmp_path):
    source, target = tmp_path / "real.cc", tmp_path / "real.o"
    source.write_text(
        """#include "field_mlp/cpu.h"
        void f(jnerf::FieldMlpShape shape, jnerf::FieldMlpInput input, float* p) {
            jnerf::field_mlp_forward(shape, input, p, p, p, p);
            jnerf::field_mlp_backward(shape, input, p, p, p, p, p, p, p);
        }"""
    )
    run(shutil.which("g++"), *FLAGS, *AMX, "-c", source, "-o", target)
    if shutil.which("objdump") is None:
        pytest.skip("no objdump to look for the instructions with")
    assembly = run("objdump", "-d", target)
    assert "ldtilecfg" in assembly and "tdpbf16ps" in assembly and "tilerelease" in assembly
