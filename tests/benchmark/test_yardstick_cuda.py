"""The yardsticks' CUDA source compiles; it lies outside ``ops``, whose test covers the others."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from jnerf.runtime.cuda import find_toolkit

ROOT = Path(__file__).resolve().parents[2]

CALLS = """
#include "../benchmark/yardstick/cuda.h"
void all(float* x, double* found, const jnerf::YardstickGrid& grid) {
    jnerf::yardstick_copy(4, x, x);
    jnerf::yardstick_mix(4, x, x);
    jnerf::yardstick_nothing(x);
    jnerf::yardstick_hash_forward(grid, x, x);
    jnerf::yardstick_hash_backward(grid, x, x);
    jnerf::yardstick_adam(4, 0.1f, x, x, x, x);
    jnerf::yardstick_peak(true, 1, x, found);
}
"""


def test_cuda_source_compiles(tmp_path):
    toolkit = find_toolkit({"PATH": str(Path(shutil.which("nvcc") or "/x").parent)})
    if toolkit is None:
        pytest.skip("no nvcc")
    source = tmp_path / "yardstick.cu"
    source.write_text(CALLS)
    codes = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in (75, 90)]
    command = [toolkit.nvcc, "-std=c++17", *codes, "--threads", "2", f"-I{ROOT / 'jnerf/ops'}"]
    done = subprocess.run(
        [*command, "-c", str(source), "-o", str(source.with_suffix(".o"))],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "flags", ["-mamx-tile -mamx-bf16 -mavx512f", "-mavx2 -mfma", "-march=x86-64"]
)
def test_peaks_compile_for_other_processors(tmp_path, flags):
    compiler = shutil.which("g++")
    if compiler is None or platform.machine() != "x86_64":
        pytest.skip("needs g++ for x86-64")
    text = (
        '#include "../benchmark/yardstick/cpu.h"\n'
        "double f(float* x) { double d[2]; jnerf::yardstick_peak(true, 9, x, d); return d[0]; }\n"
    )
    source = tmp_path / "peak.cc"
    source.write_text(text)
    command = [
        compiler,
        "-std=c++17",
        "-O3",
        "-fopenmp",
        "-Wall",
        "-Werror",
        "-Wno-unknown-pragmas",
    ]
    command += [*flags.split(), f"-I{ROOT / 'jnerf/ops'}", "-c", str(source)]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "peak.o")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
