"""Unit vectors that are spread evenly, no two of them opposite: along these, encoders of Gaussians look."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = (1 + 5**0.5) / 2


def icosahedron() -> NDArray[np.float32]:
    """Corners of an icosahedron and the middles of its edges, one of each opposite two, float32 [21, 3].

    The directions of mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077, supplement).

    >>> icosahedron().shape, bool(np.allclose(np.linalg.norm(icosahedron(), axis=1), 1))
    ((21, 3), True)
    """
    corners = np.array(
        [
            np.roll([0.0, one, other * _GOLDEN], turn)
            for turn in range(3)
            for one in (1, -1)
            for other in (1, -1)
        ]
    )
    # corners joined by an edge are 2 apart
    middles = [
        (a + b) / 2 for a, b in combinations(corners, 2) if abs(np.linalg.norm(a - b) - 2) < 1e-9
    ]
    points = np.concatenate([corners, middles])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return np.array([p for p in points if _first(p) > 0], np.float32)


def _first(point: NDArray[np.float64]) -> float:
    """The last coordinate that is not 0: its sign tells a point from its opposite."""
    return point[np.abs(point) > 1e-9][-1]
