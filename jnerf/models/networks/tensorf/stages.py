"""What changes a low-rank grid while it trains: how fine it is, what of it is empty, and which box it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import ConfigError


def resolutions(first: float, last: float, n_stages: int) -> list[float]:
    """Cube roots of the numbers of vertices after each of n stages, evenly spaced in their logarithms.

    >>> [round(r) for r in resolutions(128, 300, 5)]
    [152, 180, 213, 253, 300]
    """
    return np.geomspace(first, last, n_stages + 1)[1:].tolist()


class Extent(NamedTuple):
    """Vertices ``low`` .. ``high`` - 1 along x, y, z."""

    low: tuple[int, int, int]
    high: tuple[int, int, int]


def extent_of(mask: NDArray[np.bool_]) -> Extent:
    """The smallest extent of at least 2 vertices per axis around those of a mask, bool [gz, gy, gx], which has some.

    >>> extent_of(np.pad(np.ones((1, 2, 3), bool), 1))
    Extent(low=(1, 1, 0), high=(4, 3, 2))
    """
    low, high = [], []
    for axis in (2, 1, 0):
        n = mask.shape[axis]
        along = np.flatnonzero(mask.any(tuple(a for a in range(3) if a != axis)))
        first, last = int(along[0]), int(along[-1])
        if last == first:
            first, last = (first - 1, last) if first else (first, min(last + 1, n - 1))
        low.append(first)
        high.append(last + 1)
    return Extent(tuple(low), tuple(high))


def box_of(extent: Extent, box: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float32]:
    """The box from the first to the last vertex of an extent, float32 [6], of a grid of ``sizes`` over ``box``."""
    start, end = np.split(np.asarray(box, np.float64), 2)
    edges = (end - start) / (np.asarray(sizes) - 1)
    low = start + np.asarray(extent.low) * edges
    high = start + (np.asarray(extent.high) - 1) * edges
    return np.concatenate([low, high]).astype(np.float32)


def cells_around(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells with a marked vertex, bool [gz - 1, gy - 1, gx - 1]: where the interpolated mask is above zero.

    >>> cells_around(np.array([[[1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]], bool)).tolist()
    [[[True, False]]]
    """
    for axis in range(3):
        n = mask.shape[axis]
        mask = mask.take(range(n - 1), axis) | mask.take(range(1, n), axis)
    return mask


def vertices(sizes: Sequence[int], chunk: int) -> Iterator[NDArray[np.float32]]:
    """Where the vertices of a grid lie in the unit cube, x fastest, about ``chunk`` at a time, float32 [K, 3]."""
    x, y, z = (np.linspace(0, 1, n, dtype=np.float32) for n in sizes)
    planes = max(chunk // (len(x) * len(y)), 1)
    for first in range(0, len(z), planes):
        grid = np.meshgrid(z[first : first + planes], y, x, indexing="ij")
        yield np.stack(grid[::-1], -1).reshape(-1, 3)


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raises ConfigError unless a value is one of those allowed."""
    if value not in allowed:
        raise ConfigError(
            f"TensoRFNetwork: {name} is {value!r}; choose one of {', '.join(allowed)}"
        )


def check_number(name: str, value: float, above: float, below: float = np.inf) -> None:
    """Raises ConfigError unless a number is between two others."""
    if not above < value < below:
        bounds = f"above {above:g}" if below == np.inf else f"between {above:g} and {below:g}"
        raise ConfigError(f"TensoRFNetwork: {name} is {value}; it must be {bounds}")


def check_steps(name: str, steps: Sequence[int]) -> None:
    """Raises ConfigError unless the steps rise, from 1 on."""
    if list(steps) != sorted(set(steps)) or any(step < 1 for step in steps):
        raise ConfigError(f"TensoRFNetwork: {name} are {list(steps)}; they must rise, from 1 on")
