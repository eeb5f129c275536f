"""Numbers measured several times: median, least and largest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stats(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum of at least one value, rounded to five digits.

    >>> stats([3.0, 1.0, 2.0])
    {'median': 2.0, 'min': 1.0, 'max': 3.0, 'n': 3}
    """
    found = {"median": np.median(values), "min": np.min(values), "max": np.max(values)}
    return {name: rounded(float(value)) for name, value in found.items()} | {"n": len(values)}


def rounded(value: float, digits: int = 5) -> float:
    """A number with so many significant digits; more would only be noise in a file under version control.

    >>> rounded(123456.789), rounded(0.00123456789)
    (123460.0, 0.0012346)
    """
    return float(f"{value:.{digits}g}")


def pooled(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    """Statistics of several measurements as one: the median of medians, least and largest of all.

    >>> pooled([stats([1.0, 2.0, 3.0]), stats([4.0])])
    {'median': 3.0, 'min': 1.0, 'max': 4.0, 'n': 4}
    """
    return {
        "median": float(np.median([part["median"] for part in parts])),
        "min": min(part["min"] for part in parts),
        "max": max(part["max"] for part in parts),
        "n": sum(part["n"] for part in parts),
    }
