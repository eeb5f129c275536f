"""The specification of ``carve`` in NumPy: all cells at once, camera after camera."""

from __future__ import annotations

import numpy as np

from jnerf.ops.occupancy.reference import cell_coords


def carve(grid, c2w, intrinsics, sizes, masks, resolution, least=1, block=1) -> np.ndarray:
    """As ``jnerf.ops.visual_hull.carve``; ``masks`` are the silhouettes, bool [H, W] each."""
    levels = len(grid) // resolution**3
    out = grid.copy()
    cells = cell_coords(resolution) + 0.5 - resolution / 2
    for level in range(levels):
        side = 2.0**level / resolution
        centres, radius = 0.5 + cells * side, 0.8661 * side
        found = np.zeros(len(cells), int)
        for pose, (fx, fy, cx, cy), (width, height), mask in zip(
            c2w, intrinsics, sizes, masks, strict=True
        ):
            v = (centres - pose[:, 3]) @ pose[:, :3]
            depth = -v[:, 2]
            near = np.flatnonzero(depth > 1.001 * radius)
            tan = v[near, :2] / depth[near, None]
            centre = np.stack([fx * tan[:, 0] + cx, cy - fy * tan[:, 1]], 1)
            reach = np.array([fx, fy]) * (radius / (depth[near] - radius))[:, None]
            reach = reach * (1 + np.abs(tan))
            low, high = centre - reach, centre + reach
            inside = (low > 0).all(1) & (high < [width, height]).all(1)
            x0, y0 = (np.floor(low[inside] / block) * block).astype(int).T
            x1, y1 = (np.floor(high[inside] / block) * block + block).astype(int).T
            # foreground above and to the left of each corner of a pixel
            size = mask.shape[0] + block, mask.shape[1] + block
            padded = np.zeros(size, int)
            padded[: mask.shape[0], : mask.shape[1]] = mask
            sums = np.pad(padded.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
            count = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
            found[near[inside]] += count == 0
        part = slice(level * len(cells), (level + 1) * len(cells))
        out[part] = np.where((out[part] >= 0) & (found >= least), -1, out[part])
    return out
