"""Runs a function with a given number of OpenMP threads."""

import ctypes
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def with_threads(n: int, run: Callable[[], Result]) -> Result:
    """The result of ``run()`` under ``n`` OpenMP threads; restores the number before."""
    gomp = ctypes.CDLL("libgomp.so.1")
    before = gomp.omp_get_max_threads()
    gomp.omp_set_num_threads(n)
    try:
        return run()
    finally:
        gomp.omp_set_num_threads(before)
