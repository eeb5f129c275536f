"""Every CUDA source compiles with nvcc, for every architecture that we promise; whether it is right needs a GPU."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import cuda_sources
import pytest
from cuda_sources import ARCHITECTURES

from jnerf.runtime.cuda import Driver, Gpu
from jnerf.runtime.facts import gather
from jnerf.runtime.plan import COMPAT, plan

OPS = Path(__file__).resolve().parents[2] / "jnerf" / "ops"
FOLDERS = sorted(path.parent for path in OPS.glob("*/cuda.h"))


def test_every_op_has_a_cuda_path():
    cpu = {path.parent for path in OPS.glob("*/cpu.h")}
    assert cpu == set(FOLDERS) and len(FOLDERS) > 10


def test_every_kernel_compiles_for_every_architecture(nvcc):
    # functions that nobody calls here are compiled too when they are no templates
    includes = ["#define JNERF_ENTRY inline\n"]
    includes += [f'#include "{folder.name}/cuda.h"\n' for folder in FOLDERS]
    nvcc("kernels", "".join([*includes, *map(cuda_sources.instantiations, FOLDERS)]), ARCHITECTURES)


def test_template_without_named_arguments_is_noticed(tmp_path):
    (tmp_path / "kernel.h").write_text("")
    (tmp_path / "cuda.h").write_text("template <int Q> inline void launch(int n) {}")
    with pytest.raises(KeyError, match="with which \\['Q'\\] launch is used"):
        cuda_sources.instantiations(tmp_path)


def test_compiler_faults_are_noticed(nvcc):
    with pytest.raises(AssertionError, match="undefined_function"):
        nvcc("fault", "__global__ void kernel() { undefined_function(); }", (75,))


def test_compat_header_gives_jittor_the_fields_cuda_13_dropped(nvcc):
    text = (
        "#include <npp.h>\n"
        "int f() { cudaDeviceProp p; cudaGetDeviceProperties(&p, 0); return p.clockRate + p.computeMode; }\n"
        'static_assert(NPP_MAX_32S == 2147483647 && NPP_MIN_64S < NPP_MIN_32S, "");\n'
        'static_assert(NPP_MAX_64U == ~0ull && NPP_MAX_32U == ~0u && NPP_MIN_32U == 0, "");\n'
    )
    header = COMPAT / "jnerf_cuda_compat.h"
    nvcc("compat", text, (75,), "-DHAS_CUDA", "-include", str(header), f"-I{COMPAT / 'inc'}")


def test_jittor_itself_compiles_for_cuda_with_the_flags_of_the_plan():
    """One of the files that read ``cudaDeviceProp``, as Jittor would compile it where a GPU is."""
    facts = gather()
    if facts.toolkit is None:
        pytest.skip("no nvcc")
    flags = plan(replace(facts, driver=Driver((13, 0), (Gpu("test", 90),)), environ={})).env
    jittor, cuda = Path(facts.jittor_path), Path(facts.toolkit.nvcc).parent.parent
    folders = [
        jittor / "src",
        jittor / "extern" / "cuda" / "inc",
        cuda / "include",
        facts.python_include,
    ]
    command = [facts.cxx, "-std=c++14", "-fsyntax-only", "-DHAS_CUDA", "-DIS_CUDA"]
    command += [*flags.get("cc_flags", "").split(), *(f"-I{folder}" for folder in folders)]
    command.append(str(jittor / "src" / "ops" / "array_op.cc"))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
