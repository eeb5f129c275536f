"""Kernels compiled for machines with less: the quick half of the op tests, with AVX2 and with plain x86-64 only.

``JNERF_SIMD=avx2 pytest tests/ops -k "not cuda"`` runs all of them.
"""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = ["mlp", "field_mlp", "hash_encode", "adam", "frequency_encode"]
SELECTION = "not cuda and (reference or bits or rounds or loops or nan) and not 700"


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="levels of x86 vectors"
)
@pytest.mark.parametrize("level", ["avx2", "plain"])
def test_ops_with_fewer_instructions(level):
    files = [str(TESTS / f"test_{name}.py") for name in FILES]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", SELECTION]
    environment = {**os.environ, "JNERF_SIMD": level}
    root = TESTS.parents[1]
    done = subprocess.run(
        [*command, *files], capture_output=True, text=True, env=environment, cwd=root
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 80
