"""A field on all points of a lattice, layer by layer: only the blocks that the surface passes are asked.

Two passes. The survey asks the blocks that may matter and keeps of each the sign of its values: inside, outside, or
both. Wherever the sign changes between two neighbouring points, both have been asked: a block that was left out
although the surface leads into it is asked after all, so that no surface ends, and none appears, where blocks meet. The
second pass goes through the lattice along x; blocks that have a sign change in them or next to them have their values,
the others are filled with a value of their sign. The survey keeps the values too, as far as ``MOST_KEPT`` blocks; the
second pass asks again for the rest. So memory holds that, two layers of blocks, and some bytes for each block of 8^3
points, whatever the resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.mesh.lattice import BLOCK, Lattice

#: Most positions asked at once.
CHUNK = 2**18
#: Blocks whose values are kept from the first pass for the second, 2 KiB each.
MOST_KEPT = 2**16
#: Values are cut off here: what happens far from the level would pull the interpolated surface as well.
RANGE = 4.0
# The least distance of a value from the level, in parts of RANGE. scikit-image leaves holes at values of 0 (its issue
# 8116), and a vertex must lie so far from the ends of its edge that float32 can tell it from them.
_LEAST = 1e-4

Field = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of the blocks of a lattice.

    Attributes:
        signs: of each block's values, 1 or -1, and 0 where the sign changes, int8 [Bx, By, Bz].
        needed: whether its values have to be known one by one, because there is a sign change in it or between it and
            one of the 26 blocks around it, bool [Bx, By, Bz].
        rows: where its values are kept, -1 if they are not, int32 [Bx, By, Bz].
        kept: values of some blocks, float32 [K, 8, 8, 8].
    """

    signs: NDArray[np.int8]
    needed: NDArray[np.bool_]
    rows: NDArray[np.int32]
    kept: NDArray[np.float32]


def survey(
    field: Field,
    lattice: Lattice,
    wanted: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    chunk: int = CHUNK,
    progress: bool = True,
    most_kept: int = MOST_KEPT,
) -> Survey:
    """Finds the blocks of a lattice that a surface passes.

    Args:
        field: positions [P, 3] in field units -> values [P], positive inside.
        lattice: the points.
        wanted: blocks to ask, bool [Bx, By, Bz].
        inside: what each block that is left out is taken for, bool [Bx, By, Bz].
        chunk: most positions asked at once, at least one block.
        progress: show a progress bar.
        most_kept: blocks whose values are kept.
    """
    shape, most = np.array(lattice.blocks), max(1, chunk // BLOCK**3)
    signs = np.where(inside, np.int8(1), np.int8(-1))
    asked, wanted = np.zeros(lattice.blocks, bool), wanted | _beside_a_change(signs)
    rows, kept, n_kept = np.full(lattice.blocks, -1, np.int32), [], 0
    with _bar(int(wanted.sum()), "survey", progress) as bar:
        while wanted.any():
            blocks, further = np.flatnonzero(wanted), np.zeros_like(wanted)
            for first in range(0, len(blocks), most):
                part = np.stack(np.unravel_index(blocks[first : first + most], shape), axis=1)
                values = _values(field, lattice, part)
                found, room = values > 0, max(0, most_kept - n_kept)
                rows[tuple(part[:room].T)] = n_kept + np.arange(len(part[:room]))
                kept.append(values[:room])
                n_kept += len(part[:room])
                further[tuple(_led_into(found, part, signs).T)] = True
                counts = found.sum(axis=(1, 2, 3))
                signs[tuple(part.T)] = (counts == BLOCK**3) * 1 - (counts == 0)
                asked[tuple(part.T)] = True
                bar.update(len(part))
            wanted = further & ~asked
            bar.total += int(wanted.sum())
    needed = asked & _beside_a_change(signs)
    values = np.concatenate([np.empty((0, *[BLOCK] * 3), np.float32), *kept])
    return Survey(signs, needed, rows, values)


def layers(
    field: Field,
    lattice: Lattice,
    known: Survey,
    unit: float = 1.0,
    chunk: int = CHUNK,
    progress: bool = True,
) -> Iterator[NDArray[np.float32]]:
    """The field's values, one layer of blocks along x after the other.

    Args:
        field: as for :func:`survey`.
        lattice: the points.
        known: the survey's result.
        unit: what the values are divided by: ``RANGE`` of them is as far from the level as matters.
        chunk: most positions asked at once, at least one block.
        progress: show a progress bar.

    Yields:
        float32 [n, Ny, Nz], n = BLOCK or what is left of the lattice; within +-RANGE, nowhere near 0.
    """
    nx, ny, nz = lattice.counts
    most = max(1, chunk // BLOCK**3)
    with _bar(int(known.needed.sum()), "surface", progress) as bar:
        for i in range(lattice.blocks[0]):
            layer = _filled(known.signs[i])
            n_y, n_z = known.signs[i].shape
            by_block = layer.reshape(BLOCK, n_y, BLOCK, n_z, BLOCK)
            by_block = by_block.transpose(1, 3, 0, 2, 4)  # [By, Bz, 8, 8, 8] of the same memory
            kept = np.argwhere(known.needed[i] & (known.rows[i] >= 0))
            values = known.kept[known.rows[i][tuple(kept.T)]]
            by_block[tuple(kept.T)] = prepared(values / np.float32(unit))
            bar.update(len(kept))
            blocks = np.argwhere(known.needed[i] & (known.rows[i] < 0))
            for first in range(0, len(blocks), most):
                part = blocks[first : first + most]
                values = _values(field, lattice, np.insert(part, 0, i, axis=1))
                by_block[tuple(part.T)] = prepared(values / np.float32(unit))
                bar.update(len(part))
            yield layer[: nx - i * BLOCK, :ny, :nz]


def _bar(total: int, what: str, shown: bool) -> tqdm:
    return tqdm(total=total, desc=what, unit="block", leave=False, disable=not shown)


def _filled(signs: NDArray[np.int8]) -> NDArray[np.float32]:
    """A layer of blocks [By, Bz] that all have a value of their sign: float32 [8, By 8, Bz 8]."""
    fill = np.where(signs > 0, np.float32(RANGE), np.float32(-RANGE))
    plane = fill.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    return np.repeat(plane[None], BLOCK, axis=0)


def prepared(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values within +-RANGE, and moved away from 0, which is outside, where they are too near to it."""
    size = np.clip(np.abs(values), np.float32(RANGE * _LEAST), np.float32(RANGE))
    return np.where(values > 0, size, -size)


def _values(field: Field, lattice: Lattice, blocks: NDArray[np.int64]) -> NDArray[np.float32]:
    """The field in blocks [M, 3]: float32 [M, 8, 8, 8]. Beyond the lattice its last points repeat."""
    inside = np.stack(np.meshgrid(*[np.arange(BLOCK)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (blocks[:, None] * BLOCK + inside).reshape(-1, 3)
    points = np.minimum(points, np.array(lattice.counts) - 1)
    return field(lattice.in_field(points)).reshape(-1, BLOCK, BLOCK, BLOCK)


def _led_into(
    found: NDArray[np.bool_], blocks: NDArray[np.int64], signs: NDArray[np.int8]
) -> NDArray[np.int64]:
    """Neighbours of blocks [M, 3] at whose common face the sign changes, if they are taken for what ``signs`` says.

    Args:
        found: which points of the blocks are inside, bool [M, 8, 8, 8].
        blocks: [M, 3].
        signs: of all blocks; heeded only where a block has not been asked.
    """
    led = [np.empty((0, 3), np.int64)]
    for axis in range(3):
        for step in (-1, 1):
            side = found.take(0 if step < 0 else BLOCK - 1, axis=axis + 1)
            beside = blocks.copy()
            beside[:, axis] += step
            there = (0 <= beside[:, axis]) & (beside[:, axis] < signs.shape[axis])
            beside, side = beside[there], side[there]
            differs = side != (signs[tuple(beside.T)] > 0)[:, None, None]
            led.append(beside[differs.any(axis=(1, 2))])
    return np.concatenate(led)


def _beside_a_change(signs: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Blocks in which the sign changes, or whose sign is not that of all 26 around them."""
    least, most = signs, signs
    for axis in range(3):
        least, most = _of_three(np.minimum, least, axis), _of_three(np.maximum, most, axis)
    return (least != most) | (signs == 0)


def _of_three(best: np.ufunc, values: NDArray[np.int8], axis: int) -> NDArray[np.int8]:
    """The least or greatest of each value and its two neighbours along an axis."""
    turned = np.moveaxis(values, axis, 0)
    found = turned.copy()
    best(found[1:], turned[:-1], out=found[1:])
    best(found[:-1], turned[1:], out=found[:-1])
    return np.moveaxis(found, 0, axis)
