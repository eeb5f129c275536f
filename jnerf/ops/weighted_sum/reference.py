"""The specification of ``weighted_sum`` in NumPy."""

from __future__ import annotations

import numpy as np

_TINY = 1e-10


def _entropy(p):
    return -p * np.log(p + _TINY)


_SUMMANDS = {
    "value": lambda x: x,
    "magnitude": np.abs,
    "square": np.square,
    "entropy": _entropy,
    "rest_entropy": lambda x: _entropy(np.maximum(1 - x, 0)),
}


def weighted_sum(arrays, weights, live=None, kinds="value") -> float:
    """As ``jnerf.ops.weighted_sum``, in double."""
    kinds = [kinds] * len(arrays) if isinstance(kinds, str) else kinds
    terms = zip(arrays, weights, kinds, strict=True)
    total = sum(w * np.sum(_SUMMANDS[kind](np.asarray(a, np.float64))) for a, w, kind in terms)
    return float(total if live is None else total / np.mean(live, dtype=np.float64))


def clip_factor(arrays, longest) -> float:
    """As ``jnerf.ops.weighted_sum.clip_factor``."""
    norm = np.sqrt(weighted_sum(arrays, [1.0] * len(arrays), None, "square"))
    return float(min(longest / (norm + 1e-12), 1.0))
