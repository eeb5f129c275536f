"""Errors of depth as they are usual (Eigen et al. 2014, https://arxiv.org/abs/1406.2283)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NEAR_ENOUGH = 1.25


def depth_errors(found: NDArray[np.floating], truth: NDArray[np.floating]) -> dict[str, float]:
    """Errors over all pixels whose truth is above 0; nothing where there is none.

    Args:
        found: distances, 0 where nothing is seen, of any shape.
        truth: of the same shape and unit.

    Returns:
        ``depth_abs_rel``, mean of |found - truth| / truth; ``depth_rmse``, root of the mean square, in the unit;
        ``depth_delta1``, part of the pixels where neither is more than 1.25 times the other.

    >>> depth_errors(np.array([1.1, 2.0, 9.0]), np.array([1.0, 4.0, 0.0]))["depth_delta1"]
    0.5
    """
    known = truth > 0
    if not known.any():
        return {}
    found, truth = found[known].astype(np.float64), truth[known].astype(np.float64)
    error = np.abs(found - truth)
    ratio = np.maximum(found / truth, truth / np.maximum(found, 1e-12))
    return {
        "depth_abs_rel": float((error / truth).mean()),
        "depth_rmse": float(np.sqrt(np.square(error).mean())),
        "depth_delta1": float((ratio < _NEAR_ENOUGH).mean()),
    }
