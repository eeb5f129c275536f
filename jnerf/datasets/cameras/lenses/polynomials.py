"""Polynomials of the squared radius ``s``, and where a lens built from them folds back on itself.

A radial lens moves a point at radius r to g(r) = r q(r^2). It can be undone up to the *fold*, the first r
where g'(r) = 0; beyond it two directions meet in one point. Coefficients ascend and start with 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ascending = Sequence[ArrayLike]


def value_and_slope(coefficients: Ascending, s: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """``1 + c1 s + c2 s^2 + ...`` and its derivative by s, by Horner's rule.

    Args:
        coefficients: c1, c2 ..., numbers or arrays that broadcast with ``s``.
        s: where, float64 [R].
    """
    value, slope = coefficients[-1], 0.0
    for c in coefficients[-2::-1]:
        slope = slope * s + value
        value = value * s + c
    slope = slope * s + value
    return value * s + 1, slope


def fold(numerator: ArrayLike, denominator: ArrayLike = ()) -> float:
    """The radius up to which g(r) = r p(r^2) / q(r^2) increases and is finite; infinity if there is no end.

    Args:
        numerator: c1, c2 ... of p.
        denominator: c1, c2 ... of q.

    >>> round(fold([-1 / 3]), 6)  # r - r^3 / 3 turns at 1
    1.0
    """
    p = np.concatenate([[1.0], numerator])
    q = np.concatenate([[1.0], denominator])
    # g' has the sign of (p + 2 s p') q - 2 s p q'.
    p_odd = p * (2 * np.arange(len(p)) + 1)
    q_even = q * (2 * np.arange(len(q)))
    turning = np.convolve(p_odd, q) - np.convolve(p, q_even)
    return float(np.sqrt(min(_first_root(turning), _first_root(q))))


def _first_root(ascending: NDArray[np.float64]) -> float:
    """The smallest positive root of a polynomial whose constant is 1; infinity if there is none.

    Solved for 1 / s: its polynomial is monic, so that tiny leading coefficients overflow nothing.
    """
    inverse = np.roots(ascending)
    real = inverse.real[np.abs(inverse.imag) <= 1e-9 * np.abs(inverse)]
    largest = real.max(initial=0.0)
    return 1 / largest if largest > 1e-12 else np.inf
