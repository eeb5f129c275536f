"""What stands so far from all the rest that it is a fault of the reconstruction: numbers, and cameras.

A few values at the end of a list are strays if there is a wide gap between them and the next. Without such a gap there
are none, however long the tail: real scenes do not alarm.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GAP = 20.0  # times the next one
_FEW_CAMERAS, _FEWEST = 0.05, 4


def strays(values: NDArray[np.floating], share: float, gap: float = _GAP) -> NDArray[np.bool_]:
    """Which values are too large to belong to the others, bool [N].

    Args:
        values: at least 0, [N]; infinity and NaN are strays in any number.
        share: at most this share of the values can be strays, though always one; of fewer than 4 values, none is.
        gap: how many times the next smaller value a stray is at least.

    >>> strays(np.array([3.0, 1.0, 900.0, 2.0, 1.0]), 0.1).tolist()
    [False, False, True, False, False]
    """
    found = ~np.isfinite(values)
    inside = np.sort(values[~found])
    if len(inside) >= _FEWEST:
        few = max(1, int(share * len(inside)))
        tail = inside[-few - 1 :]
        wide = np.flatnonzero(tail[1:] > gap * tail[:-1])
        if len(wide) and tail[wide[0]] > 0:
            found |= values > tail[wide[0]]
    return found


def stray_cameras(eyes: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which cameras stand far from all others, bool [N].

    Args:
        eyes: where cameras stand, [N, 3].
    """
    away = np.linalg.norm(eyes - np.median(eyes, axis=0), axis=1)
    # Cameras that turn on one spot are apart by what rounding makes of it.
    return strays(np.maximum(away, max(1e-12, 1e-9 * np.abs(eyes).max())), _FEW_CAMERAS)


def without_strays(labels: Sequence[str], c2w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses [M, 3, 4] without those of cameras far from all others, of which it warns.

    Args:
        labels: what to call each camera, N strings.
        c2w: [N, 3, 4].
    """
    stray = stray_cameras(c2w[:, :, 3])
    if stray.any():
        warnings.warn(
            f"{describe(labels, c2w, stray)}: the scene is placed without it", stacklevel=3
        )
    return c2w[~stray]


def describe(labels: Sequence[str], c2w: NDArray[np.float64], stray: NDArray[np.bool_]) -> str:
    """One clause on the strays: the farthest camera, and how far the others are."""
    away = np.linalg.norm(c2w[:, :, 3] - np.median(c2w[:, :, 3], axis=0), axis=1)
    i = int(np.where(stray, away, -1).argmax())
    more = f" (one of {stray.sum()} like that)" if stray.sum() > 1 else ""
    return (
        f"{labels[i]}: the camera stands {away[i]:.3g} world units from the middle of the others{more}, all of which "
        f"are within {away[~stray].max():.3g}"
    )
