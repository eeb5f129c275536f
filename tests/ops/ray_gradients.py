"""Scenes of rays, and gradients by origins, directions and positions: differences of the float64 references."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.ops.host_arrays import packed_rays

PER_RAY = [3, 0, 7, 1, 12]


def rays_and_samples(seed: int = 0):
    """Origins, directions, radii, starts, ends, ray of each sample, (first, count) of each ray."""
    random = np.random.default_rng(seed)
    n = len(PER_RAY)
    packed, rays = packed_rays(PER_RAY)
    o, d = random.normal(size=(2, n, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    starts = random.uniform(0.2, 2, len(rays))
    arrays = (
        o,
        d,
        random.uniform(0.01, 0.2, (n, 1)),
        starts,
        starts + random.uniform(0.05, 0.4, len(rays)),
    )
    return [v.astype(np.float32) for v in arrays], rays, packed


def differences(value: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-6) -> np.ndarray:
    """Gradient of ``value`` at ``x``, in float64."""
    x, found = np.asarray(x, np.float64), np.zeros(np.shape(x))
    for at in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[at] = h
        found[at] = (value(x + step) - value(x - step)) / (2 * h)
    return found


def assert_near(found: np.ndarray, right: np.ndarray, share: float = 1e-4) -> None:
    """Equal but for a share of the largest."""
    assert np.abs(right).max() > 1e-3
    np.testing.assert_allclose(found, right, atol=share * np.abs(right).max())
