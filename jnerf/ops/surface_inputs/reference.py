"""The specification of ``surface_inputs`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np


def surface_inputs(
    positions,
    normals,
    values,
    of_ray=None,
    ray_indices=None,
    order=("x", "normal", "values", "ray"),
    first=0,
    unit=False,
    middle=(0.0, 0.0, 0.0),
    scale=1.0,
) -> np.ndarray:
    """Arguments as in ``jnerf.ops.surface_inputs``."""
    if unit:
        normals = normals / np.sqrt((normals * normals).sum(1, keepdims=True) + 1e-12)
    ray = np.zeros((len(positions), 0)) if of_ray is None else of_ray[ray_indices]
    x = (positions - np.asarray(middle, positions.dtype)) * scale
    parts = {"x": x, "normal": normals, "values": values[:, first:], "ray": ray}
    return np.concatenate([parts[name] for name in order], axis=1)
