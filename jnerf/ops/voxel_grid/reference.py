"""The specification of the lookups in a sparse voxel grid, in NumPy, float64: loops over samples and corners."""

from __future__ import annotations

import itertools

import numpy as np

from jnerf.ops.sh_encode.reference import sh_encode


def corners(position, links) -> list[tuple[int, float]]:
    """(row, weight) of the vertices around a position [3] that have a row."""
    low, weights = [], []
    for axis in range(3):
        last = links.shape[2 - axis] - 1
        at = np.clip(position[axis], 0, 1) * last
        cell = 0 if np.isnan(at) else min(int(at), last - 1)
        low.append(cell)
        weights.append(at - cell)
    found = []
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod([w if up else 1 - w for up, w in zip(corner, weights, strict=True)])
        x, y, z = (cell + up for cell, up in zip(low, corner, strict=True))
        if links[z, y, x] >= 0:
            found.append((int(links[z, y, x]), weight))
    return found


def voxel_interp(positions, links, values) -> np.ndarray:
    """Interpolated values [S, C]; see ``jnerf.ops.voxel_grid``."""
    positions, values = np.asarray(positions, np.float64), np.asarray(values, np.float64)
    out = np.zeros((len(positions), values.shape[1]))
    for i, position in enumerate(positions):
        for row, weight in corners(position, links):
            out[i] += weight * values[row]
    return out


def pack_sh(coefficients) -> np.ndarray:
    """Coefficients [V, 3, 9] at their places in rows [V, 32]."""
    rows = np.zeros((len(coefficients), 32), coefficients.dtype)
    for c in range(3):
        rows[:, 8 * c : 8 * c + 8] = coefficients[:, c, :8]
        rows[:, 24 + c] = coefficients[:, c, 8]
    return rows


def unpack_sh(rows) -> np.ndarray:
    """The inverse of ``pack_sh``."""
    channels = [
        np.concatenate([rows[:, 8 * c : 8 * c + 8], rows[:, 24 + c, None]], 1) for c in range(3)
    ]
    return np.stack(channels, 1)


def voxel_field(
    positions, rays_d, ray_indices, links, density, sh
) -> tuple[np.ndarray, np.ndarray]:
    """Densities [S] and colours [S, 3]; see ``jnerf.ops.voxel_grid``."""
    raw = voxel_interp(positions, links, density)[:, 0]
    coefficients = unpack_sh(voxel_interp(positions, links, sh))
    basis = sh_encode(rays_d, 3)[ray_indices]
    rgbs = np.maximum(0.5 + np.einsum("sck,sk->sc", coefficients, basis), 0)
    return np.maximum(raw, 0), np.where(raw[:, None] <= 0, 0, rgbs)
