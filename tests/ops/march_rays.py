"""Rays that probe the edges of a box: ordinary, missing, starting inside, parallel to axes, through corners."""

import numpy as np


def tricky_rays(n: int, seed: int, half: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Origins and unit directions, float32 [n + 9, 3], around the box 0.5 +- ``half``."""
    random = np.random.default_rng(seed)
    o = random.normal(size=(n, 3))
    o = 0.5 + 3 * half * o / np.linalg.norm(o, axis=1, keepdims=True)
    d = 0.5 + half * random.uniform(-1.2, 1.2, (n, 3)) - o
    special = [
        ([0.5, 0.5, 0.5], [0, 0, 1]),  # inside, parallel to two faces
        ([0.5, 0.5, 0.5], [1, 1, 1]),  # inside, along the diagonal
        ([-3, 0.3, 0.7], [1, 0, 0]),
        ([-3, 0.3, 0.7], [-1, 0, 0]),  # away from the box
        ([0.5 - half, 0.5, 0.5], [0, 0, -1]),  # starts on a face and stays in it
        ([0.5 + 2 * half, 0.5, 0.5], [0, 1, 0]),  # parallel, outside
        ([0.5, 0.5, 9], [1e-5, -1e-6, -1]),  # nearly parallel
        ([0.5 - half] * 3, [-1, 0, 0]),  # touches a corner only
        ([0.5 - 2 * half] * 3, [1, 1, 1]),
    ]
    o = np.concatenate([o, [s[0] for s in special]]).astype(np.float32)
    d = np.concatenate([d, [s[1] for s in special]])
    return o, (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)


def check_packed(packed: np.ndarray, ray_indices: np.ndarray) -> None:
    """packed_info is a partition of the samples, and ray_indices agrees with it."""
    first, count = packed.astype(np.int64).T
    np.testing.assert_array_equal(first, np.cumsum(count) - count)
    np.testing.assert_array_equal(ray_indices, np.repeat(np.arange(len(count)), count))
