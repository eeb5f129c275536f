"""Jittor's progress while it compiles kernels, as one line in place of a screen of them."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".cc")


@cache
def show_kernel_progress() -> bool:
    """Shows the compilation of kernels as one line of standard error from now on; once per process.

    Returns:
        False when that cannot be had (no room in the cache, say): Jittor then shows its own lines,
        which is no reason to stop.
    """
    import jittor as jt

    try:
        library = ctypes.CDLL(str(build(Path(jt.flags.cache_path), jt.flags.cc_path)))
    except (OSError, subprocess.CalledProcessError):
        return False
    library.jnerf_show_kernel_progress(ctypes.c_int(sys.stderr.isatty()))
    return True


def build(folder: Path, compiler: str) -> Path:
    """Compiles the library into a folder, unless it lies there already.

    Args:
        folder: an existing folder.
        compiler: the C++ compiler; that of Jittor, so that both share one ``std::cerr``.

    Raises:
        OSError: no compiler, or the folder is not writable.
        subprocess.CalledProcessError: it does not compile.
    """
    digest = hashlib.sha1(_SOURCE.read_bytes()).hexdigest()[:8]
    library = folder / f"jnerf_kernel_progress_{digest}.so"
    if not library.is_file():
        temporary = library.with_name(f".{library.name}.{os.getpid()}")
        command = [compiler, "-std=c++14", "-O1", "-shared", "-fPIC", str(_SOURCE)]
        try:
            subprocess.run([*command, "-o", str(temporary)], check=True, capture_output=True)
            os.replace(temporary, library)
        finally:
            temporary.unlink(missing_ok=True)
    return library
