"""Ops run with their CUDA sources on the CPU, as Jittor's ops: whole trainings as on a GPU, without one.

Each op of ours is compiled from ``cuda.h`` by the folder ``cuda_on_host``; whoever asks is told that the device is CUDA
(sizes, windows, precisions). Jittor's own kernels stay the CPU's.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import jittor as jt
from cuda_host import FOLDER, OPS

from jnerf.ops.common import code, device

#: Architecture -> the most shared memory that one of its blocks may have, bytes.
ARCHITECTURES = {75: 64 * 1024, 80: 163 * 1024, 86: 99 * 1024, 90: 227 * 1024}
_FLAGS = "-O1 -g1 -std=c++17 -U_FORTIFY_SOURCE -fno-strict-aliasing -Wno-unused"
# With JNERF_CUDA_ON_HOST=watch: calls of ours in place of checks, see accesses.h.
_WATCHED = "-fsanitize=kernel-address " + " ".join(
    f"--param=asan-{what}"
    for what in ("instrumentation-with-call-threshold=0", "stack=0", "globals=0")
)
_OURS = re.compile(r'#include "\w+/cuda\.h"')


@contextmanager
def cuda_sources(arch: int = 90) -> Iterator[None]:
    """Inside, ops run with their CUDA sources; with ``JNERF_CUDA_ON_HOST=watch`` races end the program.

    Args:
        arch: the architecture that kernels are compiled for and that the device says to have.
    """
    watched = os.environ.get("JNERF_CUDA_ON_HOST") == "watch"
    flags = f"{_FLAGS} {_WATCHED}" if watched else _FLAGS
    stand_in = hashlib.sha1(b"".join(p.read_bytes() for p in sorted(FOLDER.glob("*.h"))))
    macros = {"__CUDACC__": 1, "__CUDA_ARCH__": 10 * arch}
    macros |= {"CUDA_ON_HOST_WATCH": 1} if watched else {}
    lines = [f"// {stand_in.hexdigest()} {flags}", *(f"#define {k} {v}" for k, v in macros.items())]
    header = "\n".join(lines) + "\n"
    # the machine is one for all libraries of the process
    device_of = "cuda_on_host::machine().device"
    device_is = f"{device_of}.arch = {arch}; {device_of}.shared = {ARCHITECTURES[arch]};"
    plain = jt.code

    def translated(*arguments: Any, **keywords: Any) -> Any:
        if not _OURS.search(keywords.get("cuda_header", "")):
            return plain(*arguments, **keywords)
        own = {
            "cpu_header": f'{header}{keywords["cuda_header"]}#include "guarded.h"\n',
            "cpu_src": f"; {device_is}{_guarded(keywords, *arguments)}",
        }
        return plain(*arguments, **{**keywords, **own})

    options = [{f"FLAGS: -I{FOLDER} -I{OPS} {flags} ": 1}] * 2
    with ExitStack() as stack:
        stack.enter_context(_replaced(jt, "code", translated))
        stack.enter_context(_replaced(code, "_compile_options", options))
        stack.enter_context(device.as_on_cuda())
        yield


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _guarded(keywords: Mapping[str, Any], *arguments: Sequence[Any]) -> str:
    """The source of an op with the names of its arrays meaning guarded copies."""
    op = re.search(r'#include "(\w+)/cuda\.h"', keywords["cuda_header"])[1]
    in_place = len(arguments) == 2
    n_inputs = len(arguments[0] if in_place else arguments[2])
    n_outputs = len(arguments[1] if in_place else arguments[0])
    arrays = [(f"in{i}", "read") for i in range(n_inputs)]
    arrays += [(f"out{i}", "update" if in_place else "fill") for i in range(n_outputs)]
    lines = [f'; {{ cuda_on_host::Guarded guarded("{op}");']
    for name, how in arrays:
        size = f"(size_t)std::abs({name}->num) * {name}->dsize()"
        lines.append(f"auto* guarded_{name} = guarded.{how}({name}_p, {size});")
    lines += ["{", *(f"auto* {name}_p = guarded_{name};" for name, _ in arrays)]
    return "\n".join(lines) + f"\n{keywords['cuda_src']}\n}} guarded.done(); }}"
