"""Which vertices of a voxel grid are kept: masks in NumPy, between one resolution and the next."""

from __future__ import annotations

import numpy as np


def grid_shape(aabb: np.ndarray, resolution: int) -> tuple[int, int, int]:
    """Vertices along z, y, x of a grid over a box, ``resolution`` along its longest edge.

    >>> grid_shape(np.float32([0, 0, 0, 2, 1, 1]), 65)
    (33, 33, 65)
    """
    edges = np.asarray(aabb[3:], np.float64) - np.asarray(aabb[:3], np.float64)
    sizes = np.maximum(np.ceil((resolution - 1) * edges / edges.max() - 1e-6).astype(int) + 1, 2)
    return tuple(int(n) for n in sizes[::-1])


def packed_mask(mask: np.ndarray) -> np.ndarray:
    """A mask as bits along x, uint8 [Rz, Ry, ceil(Rx / 8)]: what a checkpoint holds."""
    return np.packbits(mask, axis=2)


def unpacked_mask(bits: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """The inverse of ``packed_mask``: bool [Rz, Ry, Rx]."""
    return np.unpackbits(bits, axis=2, count=shape[2]).astype(bool)


def dilated(mask: np.ndarray, distance: int) -> np.ndarray:
    """The mask and all vertices at most ``distance`` away along each axis.

    >>> dilated(np.eye(3, dtype=bool)[None][:, :1], 1)[0, 0].tolist()
    [True, True, False]
    """
    for _ in range(distance):
        for axis in range(3):
            wider = mask.copy()
            ahead = [slice(None)] * 3
            behind = [slice(None)] * 3
            ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
            wider[tuple(ahead)] |= mask[tuple(behind)]
            wider[tuple(behind)] |= mask[tuple(ahead)]
            mask = wider
    return mask


def upsampled_mask(mask: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """The vertices of a finer grid whose nearest vertex of the coarse one is marked, bool [Rz, Ry, Rx]."""
    nearest = [
        np.rint(np.arange(new) * ((old - 1) / (new - 1))).astype(int)
        for new, old in zip(shape, mask.shape, strict=True)
    ]
    return mask[np.ix_(*nearest)]


def vertex_positions(mask: np.ndarray) -> np.ndarray:
    """Where the marked vertices lie in [0, 1]^3, float32 [V, 3], in the order of rows."""
    indices = np.argwhere(mask)[:, ::-1]
    return (indices / (np.array(mask.shape[::-1]) - 1)).astype(np.float32)
