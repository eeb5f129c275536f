"""The specification of ``gather_rays`` in NumPy."""

from __future__ import annotations

import numpy as np


def gather_rays(rows: np.ndarray, ray_indices: np.ndarray) -> np.ndarray:
    """Row ``ray_indices[s]`` for every sample s: [S, C]."""
    return rows[ray_indices]


def gather_rays_grad(grad_out: np.ndarray, packed_info: np.ndarray) -> np.ndarray:
    """Sum of ``grad_out`` [S, C] over each ray's samples: [R, C]."""
    sums = [grad_out[first : first + count].sum(axis=0) for first, count in packed_info]
    return np.stack(sums) if sums else np.zeros((0, grad_out.shape[1]), grad_out.dtype)
