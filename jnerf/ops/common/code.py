"""Turns a kernel header into a Jittor op: one thin ``jt.code`` call with the right headers and flags."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import jittor as jt

from jnerf.checks import cuda_ways
from jnerf.ops.common.digest import digest
from jnerf.ops.common.simd import simd_flags
from jnerf.runtime.kernels import compiler as kernel_compiler
from jnerf.runtime.kernels import foresight

CODE_ROOT = Path(__file__).resolve().parents[1]

# -O3 after Jittor's -Ofast restores IEEE semantics (NaN stays NaN); contraction and errno-free maths cost no meaning.
_CPU_FLAGS = f"-O3 -std=c++17 -fno-math-errno -fno-trapping-math{simd_flags()}"
_CUDA_FLAGS = "-std=c++17"

cuda_ways.check(os.environ.get(cuda_ways.VARIABLE, ""))
kernel_compiler.precompile(jt, _CPU_FLAGS)


def _options(root: Path) -> list[dict[str, int]]:
    """What Jittor hands to the compiler: of a kernel for the CPU, and of one for CUDA."""
    return [{f"FLAGS: -I{root} {flags} ": 1} for flags in (_CPU_FLAGS, _CUDA_FLAGS)]


_compile_options = _options(CODE_ROOT)


def renew(root: Path) -> None:
    """Looks at fingerprints anew; new kernels include headers from ``root``, which is laid out as ``CODE_ROOT`` is."""
    _texts.cache_clear()
    _compile_options[:] = _options(root)


def code_op(
    op: str,
    shapes: Sequence[Sequence[int]] | None,
    dtypes: Sequence[str] | None,
    inputs: Sequence[jt.Var],
    source: str,
    data: dict[str, float] | None = None,
    outputs: Sequence[jt.Var] | None = None,
) -> list[jt.Var]:
    """Runs ``source`` with the headers of ``ops/<op>``: ``cpu.h`` on the CPU, ``cuda.h`` on CUDA.

    The two headers declare the same functions, so one ``source`` serves both. In it, ``in0_p``/``out0_p`` are raw
    pointers, ``in0->num`` sizes (int64) and ``data["name"]`` doubles.

    Args:
        op: folder name under ``jnerf/ops``.
        shapes: shape of each output; a negative first size is a maximum, to be set by ``out0->set_shape``.
        dtypes: dtype name of each output.
        inputs: input Vars; they arrive contiguous.
        source: statements that call the op's functions.
        data: numbers for the kernel; they never trigger a recompile.
        outputs: instead of shapes and dtypes: Vars to be written in place, which hold what was written from here
            on. The caller syncs their readers first.

    Returns:
        The outputs, always as a list.
    """
    texts, numbers = _texts(op, source), _floats(data) if data else {}
    if foresight.current is not None:
        kwargs = {**texts, "data": numbers}
        return _foreseen(op, source, shapes, dtypes, inputs, outputs, kwargs)
    arrays = (shapes, dtypes, inputs) if outputs is None else (inputs, outputs)
    result = list(jt.code(*arrays, data=numbers, **texts))
    result[0].compile_options = _compile_options[bool(jt.flags.use_cuda)]
    if outputs is not None:
        for var, written in zip(outputs, result, strict=True):
            var.update(written)
    return result


def _foreseen(
    op: str,
    source: str,
    shapes: Sequence[Sequence[int]] | None,
    dtypes: Sequence[str] | None,
    inputs: Sequence[jt.Var],
    outputs: Sequence[jt.Var] | None,
    kwargs: dict[str, object],
) -> list[jt.Var]:
    """Notes the op, which is not to be run; one that writes in place has the kernel of one that does not."""
    if outputs is not None:
        shapes, dtypes = [var.shape for var in outputs], [str(var.dtype) for var in outputs]

    def make(sizes: Sequence[Sequence[int]]) -> list[jt.Var]:
        made = jt.code(sizes, dtypes, inputs, **kwargs)
        made[0].compile_options = _compile_options[bool(jt.flags.use_cuda)]
        return made

    return foresight.current.op(op, source, shapes, dtypes, inputs, make)


@cache
def _texts(op: str, source: str) -> dict[str, str]:
    """What Jittor makes the kernel from; the same for every call of an op."""
    header = '// {}\n#include "{}/{}.h"\n'
    fingerprint = digest(CODE_ROOT, op, f"{_CPU_FLAGS}|{_CUDA_FLAGS}")
    return {
        "cpu_header": header.format(fingerprint, op, "cpu"),
        "cpu_src": f";{source}",
        "cuda_header": header.format(fingerprint, op, "cuda"),
        "cuda_src": f";{source}",
    }


def _floats(data: dict[str, float]) -> dict[str, float]:
    """Jittor takes floats alone."""
    return {name: float(value) for name, value in data.items()}
