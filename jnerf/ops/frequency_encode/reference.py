"""The specification of ``frequency_encode`` in NumPy, float64."""

from __future__ import annotations

import numpy as np


def frequency_encode(
    x, frequencies, include_input=True, scale=1.0, offset=0.0, weights=None
) -> np.ndarray:
    """Sines and cosines [S, D * (2 K + include_input)]; see ``jnerf.ops.frequency_encode``."""
    u = scale * np.asarray(x, np.float64) + offset
    parts = [u] if include_input else []
    weights = np.ones(len(frequencies)) if weights is None else weights
    for frequency, weight in zip(np.asarray(frequencies, np.float64), weights, strict=True):
        phase = np.pi * np.fmod(frequency * u, 2.0)
        parts += [weight * np.sin(phase), weight * np.cos(phase)]
    return np.concatenate(parts, axis=1) if parts else np.empty((len(u), 0))
