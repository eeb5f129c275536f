"""Fixtures of the op tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cuda_host import OPS, Builder
from cuda_sources import ARCHITECTURES, PTX

from jnerf.runtime.cuda import find_toolkit


@pytest.fixture(scope="session")
def cuda_host(tmp_path_factory) -> Builder:
    """The CUDA kernels, compiled for the CPU."""
    return Builder(tmp_path_factory.mktemp("cuda_on_host"))


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def rays_on_host(request, cuda_host):
    """The kernels of rays; threads in order, and in the opposite one."""
    found = cuda_host.library("rays")
    found.play(backwards=request.param)
    return found


@pytest.fixture(scope="session")
def nvcc(tmp_path_factory):
    """Compiles text for some architectures; skips visibly without nvcc."""
    toolkit = find_toolkit({"PATH": str(Path(shutil.which("nvcc") or "/x").parent)})
    if toolkit is None:
        pytest.skip("no nvcc")
    folder = tmp_path_factory.mktemp("cuda")

    known = subprocess.run([toolkit.nvcc, "--list-gpu-arch"], capture_output=True, text=True).stdout

    def compile_text(name: str, text: str, architectures: tuple[int, ...], *flags: str) -> None:
        source = folder / f"{name}.cu"
        source.write_text(text)
        codes = [f"-gencode=arch=compute_{a},code=sm_{a}" for a in architectures]
        if architectures == ARCHITECTURES and f"compute_{PTX}" in known.split():
            codes.append(f"-gencode=arch=compute_{PTX},code=compute_{PTX}")
        command = [toolkit.nvcc, "-std=c++17", *codes, "--threads", "2", f"-I{OPS}", *flags]
        command += ["-c", str(source), "-o", str(source.with_suffix(".o"))]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"

    return compile_text
