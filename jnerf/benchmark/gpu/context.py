"""A CUDA context that an error has broken: every later call fails in it, so that other work wants a fresh process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence

# What cuCtxSynchronize says where this process has not used a GPU.
_NO_CONTEXT = (3, 4, 201)


def broken(library: str = "libcuda.so.1") -> bool:
    """Whether CUDA fails in this process whatever it is asked; waits for the device.

    Asks the driver, not Jittor, to which arrays that could not be computed may still cling.

    Args:
        library: file name of the driver's library; a test hands in another one.
    """
    try:
        return ctypes.CDLL(library).cuCtxSynchronize() not in (0, *_NO_CONTEXT)
    except (OSError, AttributeError):  # there is no GPU
        return False


def go_on_afresh(module: str, arguments: Sequence[str]) -> None:
    """Becomes ``python -m module arguments``; returns never. What this process has not put down is lost."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
