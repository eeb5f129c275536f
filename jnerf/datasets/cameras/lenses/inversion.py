"""Newton's method on arrays, for lenses whose equations have no closed inverse.

The method doubles its digits with every step: one of 1e-5 leaves an error of about 1e-10, and is the last.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_LAST_STEP = 1e-5


def solve_increasing(
    function: Callable[..., tuple[Array, Array]],
    target: Array,
    upper: ArrayLike,
    coefficients: list[Array],
    last_step: float = _LAST_STEP,
) -> Array:
    """The x in [0, upper] with function(x) = target, for functions that increase there from 0.

    Newton's method from x = target, which suits g(x) = x (1 + small); whatever has not arrived after
    eight steps is bisected.

    Args:
        function: ``(x, *coefficients)`` to value and derivative, each [R].
        target: at least 0, [R].
        upper: end of the range, [R] or []; where the function does not reach the target, the result.
        coefficients: of the function, each [R] or [].
        last_step: a step below this is the last.
    """
    x = np.minimum(target, upper)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(8):
            value, slope = function(x, *coefficients)
            step = (value - target) / slope
            x = np.clip(x - step, 0, upper)
            if np.abs(step).max(initial=0) < last_step:
                return x
        left = ~(np.abs(step) < last_step)
        theirs = [c[left] if np.ndim(c) else c for c in (upper, *coefficients)]
        x[left] = _bisect(function, target[left], *theirs)
    return x


def _bisect(
    function: Callable[..., tuple[Array, Array]],
    target: Array,
    upper: ArrayLike,
    *coefficients: Array,
) -> Array:
    low, high = np.zeros_like(target), np.broadcast_to(upper, target.shape)
    for _ in range(64):
        middle = 0.5 * (low + high)
        short = function(middle, *coefficients)[0] < target
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return 0.5 * (low + high)


def solve_plane(
    function: Callable[[Array, Array], tuple[Array, Array, Array, Array, Array]],
    target: tuple[Array, Array],
    start: tuple[Array, Array],
) -> tuple[Array, Array]:
    """The (x, y) with function(x, y) = target, by Newton's method from a point nearby.

    Args:
        function: (x, y) to both values and the three entries xx, xy, yy of a symmetric derivative, each [R].
        target: wanted values, [R] each.
        start: first guess, [R] each.
    """
    x, y = start
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(10):
            u, v, xx, xy, yy = function(x, y)
            u, v = u - target[0], v - target[1]
            determinant = xx * yy - xy * xy
            dx, dy = (yy * u - xy * v) / determinant, (xx * v - xy * u) / determinant
            x, y = x - dx, y - dy
            if max(np.abs(dx).max(initial=0), np.abs(dy).max(initial=0)) < _LAST_STEP:
                return x, y
    arrived = np.isfinite(x) & np.isfinite(y)
    return np.where(arrived, x, start[0]), np.where(arrived, y, start[1])
