"""Kernels compiled in a third of the time.

For each kernel Jittor starts Python with ``asm_tuner.py``, which asks the compiler for its version, compiles with debug
information, searches the assembly for something that hardly any kernel has, and assembles it. ``install`` puts a
shell script in its place that runs the compiler once, with precompiled headers; what needs the tuner still gets it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

from jnerf.runtime import core_build, precompiled
from jnerf.runtime.files import place

# The macros and headers at the top of every kernel that Jittor generates for the CPU. Our own ops, the only ones in
# C++17, want the vector instructions too, which take as long to read as all the rest.
_HEADERS = """#define JIT 1
#define JIT_cpu 1
#include <algorithm>
#include <cmath>
#include <omp.h>
#include <vector>
#include <var.h>
#include <ops/op_register.h>
#include <misc/cuda_flags.h>
#if __cplusplus > 201402L && defined(__x86_64__)
#include <immintrin.h>
#endif
"""
# A third of all kernels ask the tuner for stores past the caches in place of stores to aligned memory. But GCC does not
# know that Jittor's arrays are aligned, and stores so on the stack at most; the assembly tells.
_SCRIPT = """#!/bin/sh
# Written by jnerf. In place of: python asm_tuner.py --cc_path=COMPILER SOURCE FLAGS ... -o LIBRARY
case "$1:$2" in
*/asm_tuner.py:--cc_path=*) ;;
*) exec {python} "$@" ;;
esac
for library; do :; done
compiler=${{2#--cc_path=}}
if grep -q '@begin' "$3"; then
  assembly=${{library%.so}}.fast.s
  tuner=$1
  source=$3
  shift 3
  count=$#
  for word; do  # all but -o LIBRARY, which is told apart
    shift
    count=$((count - 1))
    if [ "$count" -ge 2 ]; then set -- "$@" "$word"; fi
  done
  if "$compiler" {include} "$source" "$@" -S -o "$assembly" 2>/dev/null &&
    ! grep 'vmova[^(]*,[^(]*(' "$assembly" | grep -qv '(%r[bs]p)' &&
    "$compiler" "$assembly" "$@" -o "$library"; then
    rm -f "$assembly"
    exit 0
  fi
  rm -f "$assembly"
  exec {python} "$tuner" "--cc_path=$compiler" "$source" "$@" -o "$library"
fi
shift 2
if said=$("$compiler" {include} "$@" 2>&1); then
  if [ -n "$said" ]; then echo "$said" >&2; fi
  exit 0
fi
exec "$compiler" "$@"
"""
FOLDER = "jnerf_kernels"  # in Jittor's cache
_KEPT = 4  # precompiled forms, each of 70 to 100 MB: Jittor's flags, ours, what a developer tries
_at_work: list[subprocess.Popen] = []  # until the interpreter ends, which reaps them


def install(jittor: ModuleType) -> bool:
    """Makes the kernels of this process compile in this way, if its compiler is GCC and its device the CPU.

    Args:
        jittor: the module, just imported.

    Returns:
        Whether it could; if not, Jittor compiles as it always does.
    """
    flags = jittor.flags
    if getattr(flags, "cc_type", "") != "g++" or flags.nvcc_path:
        return False
    folder = Path(flags.cache_path) / FOLDER
    try:
        header = write_header(folder, flags.jittor_path)
        script = write(folder, "compile", ".sh", script_text(header, flags.python_path))
    except OSError:
        return False
    flags.python_path = f"/bin/sh {shlex.quote(str(script))}"
    # Jittor goes by memory: one compiler for 3 GiB. More than cores take each other's cache.
    flags.use_parallel_op_compiler = min(flags.use_parallel_op_compiler, core_build.workers())
    precompile(jittor)
    return True


def installed(jittor: ModuleType) -> bool:
    """Whether the kernels of this process compile in this way."""
    return f"/{FOLDER}/" in jittor.flags.python_path


def precompile(jittor: ModuleType, flags: str = "") -> None:
    """Begins to precompile the kernels' headers, unless it was done before; does not wait for it.

    Until it is done, and if it fails, kernels are compiled with the headers as text.

    Args:
        jittor: the module.
        flags: what the kernels' own flags add to Jittor's.
    """
    settings = jittor.flags
    if not installed(jittor):
        return
    try:
        folder = Path(settings.cache_path, FOLDER).resolve()
        header = write_header(folder, settings.jittor_path)
    except OSError:
        return
    words = precompiled.compile_flags(f"{settings.cc_flags} {flags}")
    name = hashlib.sha1("\0".join([settings.cc_path, *words]).encode()).hexdigest()[:12]
    forms = header.with_name(f"{header.name}.gch")
    process = precompiled.start(settings.cc_path, words, header, forms / name)
    if process is not None:
        _at_work.append(process)
        with contextlib.suppress(FileNotFoundError):  # another process tidies too
            for path in sorted(forms.iterdir(), key=os.path.getmtime)[: 1 - _KEPT]:
                path.unlink(missing_ok=True)
        for other in header.parent.glob("headers_*.gch"):  # of a Jittor that was replaced
            if other != forms:
                shutil.rmtree(other, ignore_errors=True)


def wait() -> None:
    """Waits for the headers that are being precompiled."""
    while _at_work:
        _at_work.pop().wait()


def write_header(folder: Path, jittor_path: str) -> Path:
    """The header that is to be precompiled, in ``folder``, which is made.

    GCC does not look whether what it has precompiled was edited since: headers of another size or time make another
    file.

    Raises:
        OSError: the folder cannot be written.
    """
    states = [
        f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}"
        for path in sorted(Path(jittor_path, "src").glob("**/*.h"))
    ]
    digest = hashlib.sha1("\n".join(states).encode()).hexdigest()[:12]
    return write(folder, "headers", ".h", f"// Of Jittor's headers {digest}\n{_HEADERS}")


def script_text(header: Path, python: str) -> str:
    """The script that stands in for ``python asm_tuner.py``."""
    include = shlex.quote(precompiled.include_flag(header))
    return _SCRIPT.format(python=shlex.quote(python), include=include)


def write(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """A file named after its text, so that another version of jnerf has one of its own."""
    path = folder / f"{stem}_{hashlib.sha1(text.encode()).hexdigest()[:8]}{suffix}"
    place(path, text)
    return path
