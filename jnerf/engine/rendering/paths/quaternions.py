"""Rotations as unit quaternions (x, y, z, w), for interpolation; ``q`` and ``-q`` are the same rotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_TINY = 1e-9  # radians: below, sine and angle are the same number


def from_matrices(rotations: ArrayLike) -> Floats:
    """Quaternions of rotation matrices, [N, 3, 3] to float64 [N, 4].

    >>> from_matrices([np.eye(3)])
    array([[0., 0., 0., 1.]])
    """
    m = np.asarray(rotations, np.float64)
    # Four times the products of q's components with one another (Shepperd 1978); the row of the largest is used.
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    xy, yz, zx = m[:, 1, 0] + m[:, 0, 1], m[:, 2, 1] + m[:, 1, 2], m[:, 0, 2] + m[:, 2, 0]
    xw, yw, zw = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    rows = [
        [1 + xx - yy - zz, xy, zx, xw],
        [xy, 1 - xx + yy - zz, yz, yw],
        [zx, yz, 1 - xx - yy + zz, zw],
        [xw, yw, zw, 1 + xx + yy + zz],
    ]
    products = np.array(rows).transpose(2, 0, 1)
    largest = np.argmax(products[:, range(4), range(4)], axis=1)
    found = products[np.arange(len(m)), largest]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def to_matrices(q: ArrayLike) -> Floats:
    """Rotation matrices of quaternions of any length but 0, [N, 4] to float64 [N, 3, 3]."""
    q = np.asarray(q, np.float64)
    x, y, z, w = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows).transpose(2, 0, 1)


def times(a: Floats, b: Floats) -> Floats:
    """Products ``a b``: first ``b``, then ``a``; [N, 4]."""
    u, v, s, t = a[:, :3], b[:, :3], a[:, 3:], b[:, 3:]
    vectors = s * v + t * u + np.cross(u, v)
    return np.concatenate([vectors, s * t - (u * v).sum(1, keepdims=True)], axis=1)


def inverse(q: Floats) -> Floats:
    """The rotations back, [N, 4]."""
    return q * [-1, -1, -1, 1]


def exp(vectors: Floats) -> Floats:
    """Rotations about axes by angles, given as axis times angle in radians: [N, 3] to [N, 4]."""
    angle = np.linalg.norm(vectors, axis=1, keepdims=True)
    ratio = np.where(angle > _TINY, np.sin(angle / 2) / np.maximum(angle, _TINY), 0.5)
    return np.concatenate([ratio * vectors, np.cos(angle / 2)], axis=1)


def log(q: Floats) -> Floats:
    """Axis times angle of rotations, the angle at most half a turn: [N, 4] to [N, 3]."""
    q = np.where(q[:, 3:] < 0, -q, q)
    sine = np.linalg.norm(q[:, :3], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, q[:, 3:])
    return np.where(sine > _TINY, angle / np.maximum(sine, _TINY), 2.0) * q[:, :3]
