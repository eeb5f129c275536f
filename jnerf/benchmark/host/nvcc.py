"""``python -m jnerf.benchmark.host.nvcc CONFIG``: compiles for CUDA what a config needs, in one batch, without a GPU.

The kernels are those that a run would compile before its first step (``engine.rehearsal``), asked for as on CUDA; each
is put into the text that Jittor makes of it, and compiled by nvcc with Jittor's flags and headers, as many at once as
there are cores. Jittor's core, and the few kernels between ours that Jittor generates itself, are not compiled: that
takes a Jittor that was built with CUDA.

``--resources`` prints for each kernel its registers, the share of a multiprocessor's threads that these leave room
for, bytes spilled, shared memory, and where there is a ``cuobjdump`` its instructions: all of them, loads (LDG), stores
(STG) and additions (RED) to memory by the bits that a thread moves, tensor-core products (HMMA) and others. They are
those of the kernel's text: what a loop repeats counts once.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jnerf.benchmark.host.resources import Usage, sass_of, table, usages
from jnerf.command_line import exit_status
from jnerf.errors import JnerfError
from jnerf.runtime.kernels.foresight import Kernel
from jnerf.runtime.plan import COMPAT

# What Jittor's templates put around the source of an op.
_HEAD = """#define JIT 1
#define JIT_cuda 1
#include <cmath>
#include "var.h"
#include "ops/code_op.h"
#include "ops/op_register.h"
#include "misc/cuda_flags.h"
#include "{op}/cuda.h"
#define index_t int32
namespace jittor {{
void CodeOp::jit_run() {{
"""


def text_of(kernel: Kernel) -> str:
    """The file that Jittor would have nvcc compile, but for macros that our sources do not use."""
    lines = []
    for name, arrays in (("in", kernel.inputs), ("out", kernel.outputs)):
        for i, (dtype, rank) in enumerate(arrays):
            var = f"{name}{i}"
            lines.append(f"auto {var} = _{name}puts[{i}];")
            lines.append(f"auto* __restrict__ {var}_p = {var}->ptr<{dtype}>();")
            lines += [f"index_t {var}_shape{j} = {var}->shape[{j}];" for j in range(rank)]
    return _HEAD.format(op=kernel.op) + "\n".join(lines) + f"\n{kernel.source}\n}}\n}}\n"


def command(nvcc: str, architecture: int) -> list[str]:
    """nvcc as Jittor calls it for one GPU, without source and library."""
    from jnerf.ops.common.code import CODE_ROOT
    from jnerf.runtime.facts import gather

    facts = gather()
    jittor, cuda = Path(facts.jittor_path), Path(nvcc).resolve().parent.parent
    folders = [jittor / "src", jittor / "extern", facts.python_include, cuda / "include"]
    folders += [jittor / "extern" / "cuda" / "inc", COMPAT / "inc", CODE_ROOT]
    host = ["-fPIC", "-march=native", "-fdiagnostics-color=always"]
    flags = [word for flag in host for word in ("-Xcompiler", flag)]
    flags += ["-shared", "-DHAS_CUDA", "-DIS_CUDA", "-x", "cu", "--cudart=shared", "-w"]
    flags += ["-ccbin", facts.cxx, "--use_fast_math", "-std=c++17"]
    flags += ["-include", str(COMPAT / "jnerf_cuda_compat.h"), *(f"-I{path}" for path in folders)]
    return [nvcc, *flags, f"-arch=compute_{architecture}", f"-code=sm_{architecture}"]


def kernels_of(config: Any) -> list[Kernel]:
    """Ours that a config needs on CUDA, with the device pretended.

    Raises:
        JnerfError: a part of its run was not foreseen to its end.
    """
    from jnerf.engine.pipeline.build import build_dataset
    from jnerf.engine.rehearsal import rehearse
    from jnerf.ops.common import device

    dataset = build_dataset(config, "train")
    with device.as_on_cuda():
        found = rehearse(config, dataset)
    if found.faults:
        raise JnerfError("not foreseen:\n" + "\n".join(found.faults.values()))
    return sorted(found.foresight.kernels)


def compile_all(
    kernels: Sequence[Kernel],
    words: list[str],
    workers: int,
    resources: list[tuple[str, Usage]] | None = None,
) -> dict[str, Any]:
    """Compiles kernels, some at once, with one line of progress.

    Args:
        kernels: all different.
        words: see ``command``.
        workers: how many at once.
        resources: takes (op, usage) of every kernel on the device, where wanted.

    Returns:
        ``kernels``, ``seconds``, ``cpu_seconds`` (of all processes) and ``slowest``, (op, seconds) of five.

    Raises:
        JnerfError: one does not compile.
    """
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    took: list[tuple[float, str]] = []

    def one(i: int) -> None:
        begun, source = time.perf_counter(), Path(folder, f"{i}.cc")
        source.write_text(text_of(kernels[i]))
        library, told = source.with_suffix(".so"), [] if resources is None else ["-Xptxas", "-v"]
        done = subprocess.run(
            [*words, *told, str(source), "-o", str(library)], capture_output=True, text=True
        )
        if done.returncode:
            raise JnerfError(f"a kernel of {kernels[i].op} does not compile:\n{done.stderr}")
        if resources is not None:
            found = usages(done.stderr, sass_of(words[0], library))
            resources.extend((kernels[i].op, usage) for usage in found)
        took.append((time.perf_counter() - begun, kernels[i].op))
        spent = time.perf_counter() - start
        line = f"compiling kernels: {len(took)} of {len(kernels)}, {spent:.0f} s"
        print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(one, range(len(kernels))):
            pass
    print(file=sys.stderr)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = end.ru_utime + end.ru_stime - used.ru_utime - used.ru_stime
    return {
        "kernels": len(kernels),
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(cpu, 1),
        "slowest": [(op, round(seconds, 1)) for seconds, op in sorted(took, reverse=True)[:5]],
    }


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(prog="nvcc", description=__doc__.partition("\n")[0])
    parser.add_argument("config", help="a config's name or .py file")
    parser.add_argument(
        "--arch", type=int, default=90, help="compute capability x 10 (default: 90)"
    )
    parser.add_argument(
        "--resources",
        action="store_true",
        help="print registers, spills, shared memory and instructions of each kernel",
    )
    parser.add_argument("overrides", nargs="*", metavar="key.sub=value", help="one setting")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options), "Free disk space.")


def _run(options: argparse.Namespace) -> None:
    from jnerf.config import find_config, load_config
    from jnerf.runtime.core_build import workers
    from jnerf.runtime.cuda import find_toolkit

    toolkit = find_toolkit(os.environ)
    if toolkit is None:
        raise JnerfError("there is no nvcc with headers beside it: install a CUDA toolkit")
    kernels = kernels_of(load_config(find_config(options.config), options.overrides))
    used: list[tuple[str, Usage]] | None = [] if options.resources else None
    found = compile_all(kernels, command(toolkit.nvcc, options.arch), workers(), used)
    if used is not None:
        print(table(used, options.arch))
    print(f"sm_{options.arch}, {workers()} at once: {found}")


if __name__ == "__main__":
    sys.exit(main())
