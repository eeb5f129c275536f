"""Seeds and threads."""

from __future__ import annotations

import ctypes
import random
from functools import cache


def set_seed(seed: int) -> None:
    """Seeds ``random``, NumPy's legacy generator and Jittor, the same in every MPI process.

    jnerf's own kernels and datasets draw from a counter-based generator and take their seed from the config.

    Args:
        seed: 0 .. 2^31 - 1.

    Raises:
        ValueError: the seed is out of range.
    """
    if not 0 <= seed < 2**31:
        raise ValueError(f"seed is {seed}; it must be in 0 .. 2^31 - 1 = {2**31 - 1}.")
    import jittor as jt
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    jt.set_seed(seed)


def set_num_threads(n: int) -> None:
    """Sets how many threads the CPU kernels use from now on; ``OMP_NUM_THREADS`` sets it from outside.

    Args:
        n: at least 1. Results do not depend on it.

    Raises:
        ValueError: ``n`` is below 1.
    """
    if n < 1:
        raise ValueError(f"the number of threads is {n}; it must be at least 1.")
    _openmp().omp_set_num_threads(ctypes.c_int(n))


def num_threads() -> int:
    """How many threads the CPU kernels use.

    >>> set_num_threads(1)
    >>> num_threads()
    1
    """
    return int(_openmp().omp_get_max_threads())


@cache
def _openmp() -> ctypes.CDLL:
    """GCC's OpenMP runtime: the copy that Jittor's kernels share."""
    return ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL)
