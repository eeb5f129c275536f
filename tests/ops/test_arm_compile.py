"""The CPU kernels compile for Arm, which lacks vectors of x86; whether they are right needs such a machine.

``apt-get install g++-aarch64-linux-gnu`` brings the cross compiler.
"""

import shutil
import subprocess
from pathlib import Path

import cuda_sources
import pytest

OPS = Path(__file__).resolve().parents[2] / "jnerf" / "ops"
FOLDERS = sorted(path.parent for path in OPS.glob("*/cpu.h"))
COMPILER = "aarch64-linux-gnu-g++"


@pytest.fixture
def cross_compile(tmp_path):
    """Compiles C++ text for aarch64 into an object file, every inline function included; returns what was said."""
    if shutil.which(COMPILER) is None:
        pytest.skip(f"no {COMPILER}")

    def compile_text(text: str) -> str:
        source, target = tmp_path / "kernels.cc", tmp_path / "kernels.o"
        source.write_text(text)
        flags = "-std=c++17 -fkeep-inline-functions -fopenmp -fPIC -fno-math-errno -c".split()
        command = [COMPILER, *flags, f"-I{OPS}", str(source), "-o", str(target)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode == 0) == target.is_file()
        return "" if target.is_file() else done.stderr

    return compile_text


def test_every_kernel_compiles(cross_compile):
    includes = "".join(f'#include "{folder.name}/cpu.h"\n' for folder in FOLDERS)
    templates = [
        cuda_sources.instantiations(folder, "cpu.h")
        for folder in FOLDERS
        if folder.name in cuda_sources.TEMPLATES
    ]
    assert len(FOLDERS) > 10 and len(templates) > 3
    assert cross_compile(includes + "".join(templates)) == ""


def test_faults_are_noticed(cross_compile):
    assert "immintrin.h" in cross_compile("#include <immintrin.h>\n")
