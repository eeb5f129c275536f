"""compute-sanitizer is found, and what it says is told apart from a program that fails under it."""

import pytest

from jnerf.benchmark.gpu import sanitizers
from jnerf.runtime.cuda import Toolkit

MEMCHECK = """\
========= COMPUTE-SANITIZER
nerf_lego: 3 steps with exact sizes
========= Invalid __global__ read of size 4 bytes
=========     at void jnerf::ema(float *)+0x70 in /a/cuda.h:9
=========     by thread (63,0,0) in block (1,0,0)
=========     Address 0x7f0 is out of bounds
========= Invalid __global__ read of size 4 bytes
=========     at void jnerf::ema(float *)+0x70 in /a/cuda.h:9
========= Program hit cudaErrorLaunchFailure (error 719) due to "unspecified launch failure" on CUDA API call to x.
=========     Saved host backtrace up to driver entry point at error
========= ERROR SUMMARY: 3 errors
"""
RACECHECK = """\
========= Warning: Race reported between Read access at a+0x1 in a.cu:1 and Write access at b
========= Error: Race reported between Write access at hash+0x730 in cuda.h:12
=========     and Read access at hash+0x7c0 in cuda.h:14 [24 hazards]
========= RACECHECK SUMMARY: 2 hazards displayed (1 error, 1 warning)
"""
SYNCCHECK = """\
========= Barrier error detected. Divergent thread(s) in warp
=========     at mlp+0x40 in cuda.h:7
"""
NOTHING = """\
========= COMPUTE-SANITIZER
Traceback (most recent call last):
RuntimeError: Invalid shape
========= Target application returned an error
========= Error: Target application terminated before first instrumented API call
========= ERROR SUMMARY: 0 errors
========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)
"""


def test_findings_are_told_once_and_with_their_place():
    assert sanitizers.findings([MEMCHECK, MEMCHECK]) == [
        "Invalid __global__ read of size 4 bytes at void jnerf::ema(float *)+0x70 in /a/cuda.h:9",
        'Program hit cudaErrorLaunchFailure (error 719) due to "unspecified launch failure" on CUDA API call to x.',
        "ERROR SUMMARY: 3 errors",
    ]
    assert sanitizers.findings([RACECHECK]) == [
        "Error: Race reported between Write access at hash+0x730 in cuda.h:12"
    ]
    (barrier,) = sanitizers.findings([SYNCCHECK])
    assert barrier == "Barrier error detected. Divergent thread(s) in warp at mlp+0x40 in cuda.h:7"


def test_a_program_that_fails_is_no_finding():
    assert sanitizers.findings([NOTHING, ""]) == []


@pytest.mark.parametrize("folder", ["bin", "compute-sanitizer"])
def test_it_is_found_in_the_toolkit_whose_nvcc_is_taken(tmp_path, monkeypatch, folder):
    program = tmp_path / folder / "compute-sanitizer"
    program.parent.mkdir()
    toolkit = Toolkit(str(tmp_path / "bin" / "nvcc"), (12, 4))
    monkeypatch.setattr(sanitizers, "find_toolkit", lambda environ: toolkit)
    assert sanitizers.find_sanitizer({"PATH": ""}) in (None, "/usr/local/cuda/bin/compute-sanitizer")
    program.write_text("")
    program.chmod(0o755)
    assert sanitizers.find_sanitizer({"PATH": ""}) == str(program)
