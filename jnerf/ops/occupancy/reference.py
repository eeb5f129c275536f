"""The specification of the occupancy ops in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.ops.common.fused import fma
from jnerf.ops.common.random import uniform


def cell_index(xyz: ArrayLike, resolution: int) -> NDArray[np.int64]:
    """Index of cells within their level: bricks of 4 x 4 x 4 cells, x fastest in both.

    Args:
        xyz: integer cell coordinates, [..., 3].
        resolution: cells per side.

    >>> cell_index([[1, 0, 0], [0, 1, 0], [4, 0, 0]], 32).tolist()
    [1, 4, 64]
    """
    x, y, z = np.moveaxis(np.asarray(xyz, np.int64), -1, 0)
    bricks = resolution // 4
    brick = ((z // 4) * bricks + y // 4) * bricks + x // 4
    return brick * 64 + (z % 4) * 16 + (y % 4) * 4 + x % 4


def cell_at(index: ArrayLike, resolution: int) -> NDArray[np.int64]:
    """Coordinates of cells, [..., 3], from their index within their level: undoes ``cell_index``.

    >>> cell_at([1, 4, 64], 32).tolist()
    [[1, 0, 0], [0, 1, 0], [4, 0, 0]]
    """
    brick, inside = np.divmod(np.asarray(index, np.int64), 64)
    bricks = resolution // 4
    corner = np.stack([brick % bricks, brick // bricks % bricks, brick // bricks**2], axis=-1)
    return 4 * corner + np.stack([inside % 4, inside // 4 % 4, inside // 16], axis=-1)


def cell_coords(resolution: int) -> NDArray[np.int64]:
    """Coordinates of all cells of a level in memory order, [resolution^3, 3]."""
    axis = np.arange(resolution)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    xyz = np.stack([x, y, z], -1).reshape(-1, 3)
    out = np.empty_like(xyz)
    out[cell_index(xyz, resolution)] = xyz
    return out


def mark_unseen(c2w, intrinsics, sizes, resolution: int = 128, levels: int = 1) -> np.ndarray:
    """Projects all corners of all cells into all cameras; float64 inside. As ``jnerf.ops.occupancy.mark_unseen``."""
    out = []
    for level in range(levels):
        side = 2.0**level / resolution
        low = 0.5 + (cell_coords(resolution) - resolution // 2) * side
        seen = np.zeros(len(low), bool)
        for matrix, (fx, fy, cx, cy), (width, height) in zip(c2w, intrinsics, sizes, strict=True):
            for corner in np.ndindex(2, 2, 2):
                v = (low + np.array(corner) * side - matrix[:, 3]) @ matrix[:, :3]
                depth = -v[:, 2]
                with np.errstate(divide="ignore", invalid="ignore"):
                    u, w = fx * v[:, 0] / depth + cx, cy - fy * v[:, 1] / depth
                    inside = (u > 0) & (u < width) & (w > 0) & (w < height)
                seen |= inside & (depth > 1e-4 * np.linalg.norm(v, axis=1))
        out.append(np.where(seen, 0.0, -1.0))
    return np.concatenate(out).astype(np.float32)


def candidates(
    grid, n, threshold, seed, update, first=0, resolution=128
) -> tuple[np.ndarray, np.ndarray]:
    """As ``jnerf.ops.occupancy.candidates``, one candidate after the other."""
    per_level = resolution**3
    levels = len(grid) // per_level
    coords = cell_coords(resolution)
    cells, positions = [], []
    for i in range(n):
        draws = uniform(seed, update, (first + i) % 2**32, np.arange(4))
        level = min(int(draws[0] * np.float32(levels)), levels - 1)
        for j in range(10):
            walk = (i + update * n) * 56924617 + j * 19349663 + 96925573
            cell = walk % 2**32 % per_level
            if grid[level * per_level + cell] > np.float32(threshold):
                break
        cells.append(level * per_level + cell)
        inside = coords[cell].astype(np.float32) + draws[1:] - np.float32(resolution / 2)
        positions.append(fma(inside, 2.0**level / resolution, 0.5))
    return np.array(cells, np.int32), np.array(positions, np.float32).reshape(-1, 3)


def update_grid(grid, cells, sigmas, step_size, decay=0.95) -> np.ndarray:
    """As ``jnerf.ops.occupancy.update_grid``."""
    new = np.zeros_like(grid)
    np.fmax.at(new, cells, sigmas * np.float32(step_size))
    return np.where(grid < 0, grid, np.maximum(np.float32(decay) * grid, new))


def build_bitfield(
    grid, threshold=0.01, resolution=128
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bits, blocks and stats as ``jnerf.ops.occupancy.build_bitfield`` describes them."""
    grid = grid.reshape(-1, resolution**3)
    mean = np.maximum(grid[0], 0).astype(np.float64).mean()
    stats = np.array([mean, min(threshold, mean)], np.float32)
    coords, half = cell_coords(resolution), resolution // 2
    index = cell_index(coords, resolution)
    dense = np.zeros((len(grid),) + (resolution,) * 3, bool)
    blocks = []
    for level, values in enumerate(grid):
        dense[level][tuple(coords[index].T)] = values > stats[1]
        if level:
            finer = dense[level - 1].reshape(half, 2, half, 2, half, 2).any((1, 3, 5))
            middle = slice(half // 2, half // 2 + half)
            dense[level, middle, middle, middle] |= finer
        side = resolution // 8
        block = dense[level].reshape(side, 8, side, 8, side, 8).any((1, 3, 5))
        blocks.append(_distances(block).transpose(2, 1, 0).reshape(-1))
    flat = np.stack([level[tuple(coords.T)] for level in dense])
    bits = np.packbits(flat.reshape(-1), bitorder="little")
    return bits, np.concatenate(blocks).astype(np.uint8), stats


def _distances(block: np.ndarray) -> np.ndarray:
    """Maximum-norm distance of each block to the nearest occupied one, at most 6; [B, B, B]."""
    where, places = np.argwhere(block), np.argwhere(np.ones_like(block))
    if len(where) == 0:
        return np.full(block.shape, 6)
    apart = np.abs(places[:, None] - where[None]).max(2).min(1)
    return np.minimum(apart, 6).reshape(block.shape)
