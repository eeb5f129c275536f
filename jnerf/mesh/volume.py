"""A field on all points of a lattice, from coarse to fine: only the blocks that the surface passes are asked.

The others are filled with a value of their sign. Wherever the sign changes between two neighbouring points, both
have been asked: a block that was left out although the surface leads into it is asked after all, so that
no surface ends, and none appears, where blocks meet.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.mesh.lattice import BLOCK, Lattice

#: Most positions asked at once.
CHUNK = 2**18
_LEAST = 1e-6

Field = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def evaluate(
    field: Field,
    lattice: Lattice,
    wanted: NDArray[np.bool_],
    fill: NDArray[np.float32],
    chunk: int = CHUNK,
    progress: bool = True,
) -> NDArray[np.float32]:
    """The field at the lattice's points.

    Besides the result, which takes 4 bytes a point, memory is bounded by ``chunk``.

    Args:
        field: positions [P, 3] in field units -> values [P], positive inside.
        lattice: the points.
        wanted: blocks to ask, bool [Bx, By, Bz].
        fill: value of each block that is left out; only its sign matters. float32 [Bx, By, Bz].
        chunk: most positions asked at once, at least one block.
        progress: show a progress bar.

    Returns:
        float32, of shape ``lattice.counts``; nowhere 0.
    """
    shape = lattice.blocks
    volume = np.repeat(fill, BLOCK, axis=0).repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)
    # [Bx, By, Bz, 8, 8, 8] of the same memory
    sides = [side for n in shape for side in (n, BLOCK)]
    by_block = volume.reshape(sides).transpose(0, 2, 4, 1, 3, 5)
    asked, wanted = np.zeros(shape, bool), wanted.copy()
    with tqdm(
        total=int(wanted.sum()), desc="field", unit="block", leave=False, disable=not progress
    ) as bar:
        while wanted.any():
            blocks = np.argwhere(wanted)
            for first in range(0, len(blocks), max(1, chunk // BLOCK**3)):
                part = blocks[first : first + max(1, chunk // BLOCK**3)]
                values = field(lattice.in_field(_points(part, lattice.counts)))
                by_block[tuple(part.T)] = off_level(values).reshape(-1, BLOCK, BLOCK, BLOCK)
                bar.update(len(part))
            asked |= wanted
            wanted = _across_the_surface(volume, asked)
            bar.total += int(wanted.sum())
    return volume[tuple(slice(count) for count in lattice.counts)]


def off_level(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values moved to a distance of 1e-6 from 0: scikit-image leaves holes at values of 0 (its issue 8116)."""
    return np.copysign(np.maximum(np.abs(values), np.float32(_LEAST)), values)


def _points(blocks: NDArray[np.int64], counts: tuple[int, int, int]) -> NDArray[np.int64]:
    """Indices of the points of blocks [M, 3]: int64 [M 8^3, 3]. Beyond the lattice its last points repeat."""
    inside = np.stack(np.meshgrid(*[np.arange(BLOCK)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (blocks[:, None] * BLOCK + inside).reshape(-1, 3)
    return np.minimum(points, np.array(counts) - 1)


def _across_the_surface(volume: NDArray, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Blocks not asked yet at whose faces the sign changes, bool [Bx, By, Bz]."""
    wanted = np.zeros_like(asked)
    for axis in range(3):
        if asked.shape[axis] < 2:
            continue
        turned, found = np.moveaxis(volume, axis, 0), np.moveaxis(wanted, axis, 0)
        inside = turned[BLOCK - 1 : -1 : BLOCK] > 0, turned[BLOCK::BLOCK] > 0
        changes = inside[0] != inside[1]
        n, rows, columns = changes.shape
        changes = changes.reshape(n, rows // BLOCK, BLOCK, columns // BLOCK, BLOCK).any(axis=(2, 4))
        found[:-1] |= changes
        found[1:] |= changes
    return wanted & ~asked
