"""The specification of ``ray_uniform`` in NumPy."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.fused import fma
from jnerf.ops.common.pack import pack_counts
from jnerf.ops.common.random import uniform
from jnerf.ops.common.rays.box import ray_box


def ray_uniform(
    rays_o, rays_d, aabb, near, far, n_samples, seed=0, step=None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.ray_uniform``, as arrays; returns t_starts, t_ends and packed_info."""
    starts, ends, counts = [], [], []
    for ray, (o, d) in enumerate(zip(rays_o, rays_d, strict=True)):
        span = ray_box(o, d, aabb, near, far)
        counts.append(0 if span is None else n_samples)
        if span is None:
            continue
        u = np.full(n_samples, 0.5, np.float32)
        if step is not None:
            u = uniform(seed, step, ray, np.arange(n_samples))
        width = (span[1] - span[0]) / np.float32(n_samples)
        inner = fma(
            np.arange(1, n_samples, dtype=np.float32) + (u[:-1] - np.float32(0.5)), width, span[0]
        )
        edges = np.concatenate([[span[0]], inner, [span[1]]]).astype(np.float32)
        starts.append(edges[:-1])
        ends.append(edges[1:])
    nothing = np.zeros(0, np.float32)
    return (
        np.concatenate([nothing, *starts]),
        np.concatenate([nothing, *ends]),
        pack_counts(counts)[0],
    )
