"""The specification of ``relative_error`` in NumPy."""

from __future__ import annotations

import numpy as np


def relative_error(found, truth, kind: str, epsilon: float, weight: float, sizes=None) -> float:
    """``weight`` times the mean error; ``sizes`` stand for ``found`` in a denominator, which has no gradient."""
    sizes = found if sizes is None else sizes
    d = found - truth
    errors = {
        "l1": np.abs(d),
        "l2": d**2,
        "of_truth": np.abs(d) / (np.abs(truth) + epsilon),
        "of_found": d**2 / (sizes**2 + epsilon),
    }
    return weight * errors[kind].mean()
