"""Counter-based random numbers in NumPy: the specification of ``jnerf_common.h``'s ``uniform``.

PCG-RXS-M-XS-32 (O'Neill 2014, https://www.pcg-random.org) used as a hash of its counter, so that a number
depends on (seed, step, element, draw) alone: CPU, CUDA and a resumed run draw the same ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MOST = 0xFFFFFFFF  # of 32 bits


def pcg_hash(value: ArrayLike) -> NDArray[np.uint32]:
    """Hashes 32-bit integers, elementwise, with wrap-around arithmetic.

    >>> int(pcg_hash(0))
    129708002
    """
    with np.errstate(over="ignore"):
        state = np.asarray(value).astype(np.uint32) * np.uint32(747796405) + np.uint32(2891336453)
        word = ((state >> ((state >> np.uint32(28)) + np.uint32(4))) ^ state) * np.uint32(277803737)
        return (word >> np.uint32(22)) ^ word


def _hash(value: int) -> int:
    """``pcg_hash`` of one number, without NumPy, whose scalars cost ten times as much."""
    state = value * 747796405 + 2891336453 & _MOST
    word = ((state >> (state >> 28) + 4) ^ state) * 277803737 & _MOST
    return word >> 22 ^ word


def pcg_unhash(value: int) -> int:
    """The integer whose ``pcg_hash`` this is: it is a permutation.

    >>> pcg_unhash(int(pcg_hash(12345)))
    12345
    """
    word = (value ^ (value >> 22)) * pow(277803737, -1, 2**32) & _MOST
    shift = (word >> 28) + 4  # those bits are the state's own
    state = word
    for _ in range(32 // shift):
        state = word ^ (state >> shift)
    return (state - 2891336453) * pow(747796405, -1, 2**32) & _MOST


def step_from(seed: int, step: int | None, first: int) -> int | None:
    """The step with which element i draws what element ``first + i`` draws at ``step``.

    Elements are added to a key of seed and step, so that a part of a batch draws as it does within the whole, by the
    same kernels.

    Args:
        seed: as in ``uniform``.
        step: the training step; None stays None.
        first: number of the part's first element in the whole.

    >>> part = uniform(7, step_from(7, 3, 100), np.arange(4), 0)
    >>> bool((part == uniform(7, 3, np.arange(100, 104), 0)).all())
    True
    """
    if step is None or first == 0:
        return step
    hashed = _hash(seed & _MOST)
    key = _hash(hashed + step & _MOST) + first
    return (pcg_unhash(key & _MOST) - hashed) & _MOST


def uniform(seed: int, step: int, element: ArrayLike, draw: ArrayLike) -> NDArray[np.float32]:
    """Uniform numbers in [0, 1) for every (element, draw) pair, broadcast against each other.

    Args:
        seed: the run's seed, 0 .. 2^32 - 1.
        step: the training step.
        element: which ray or cell, int array.
        draw: which number of that element, int array.
    """
    key = _hash(_hash(int(seed) & _MOST) + int(step) & _MOST)
    if isinstance(element, int) and isinstance(draw, int):
        return np.float32((_hash(_hash(key + element & _MOST) + draw & _MOST) >> 8) * 2.0**-24)
    with np.errstate(over="ignore"):
        h = pcg_hash(np.uint32(key) + np.asarray(element).astype(np.uint32))
        h = pcg_hash(h + np.asarray(draw).astype(np.uint32))
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
