"""Kernels of the CPU read and write within their arrays, also those whose values they then drop."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
OPS = HERE.parents[1] / "jnerf" / "ops"
FLAGS = "-std=c++17 -O0 -fopenmp -fsanitize=address".split()


@pytest.mark.parametrize("op", ["field_mlp"])
def test_under_address_sanitizer(op, tmp_path):
    target = tmp_path / op
    command = ["g++", *FLAGS, f"-I{OPS}", str(HERE / "memory" / f"{op}.cc"), "-o", str(target)]
    built = subprocess.run(command, capture_output=True, text=True)
    if "libasan" in built.stderr or "cannot find -lasan" in built.stderr:
        pytest.skip("this compiler has no AddressSanitizer")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
