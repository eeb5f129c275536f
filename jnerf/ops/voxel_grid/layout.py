"""Which vertices of a grid have a row, and where coefficients lie in it."""

from __future__ import annotations

from dataclasses import dataclass

import jittor as jt
import numpy as np

#: Places of a row of spherical harmonics: coefficient k of channel c at 8 c + k for k < 8, the ninth at 24 + c, as
#: ``kernel.h`` has it. The last five are unused and stay zero.
SH_WIDTH = 32
#: Vertices along an axis, at most: int16 numbers the cells in ``cpu.h``.
_MOST = 2**15


@dataclass(frozen=True)
class VoxelLayout:
    """V rows of a sparse grid.

    Attributes:
        links: row of each vertex, -1 where there is none, int32 [Rz, Ry, Rx]; rows are numbered in this order.
        planes: first row of each plane along z, and V, int32 [Rz + 1].
        cells: index of each row's vertex in the flat ``links``, int32 [V].
        n_rows: V.
    """

    links: jt.Var
    planes: jt.Var
    cells: jt.Var
    n_rows: int


def layout_of(mask: np.ndarray) -> VoxelLayout:
    """The layout in which exactly the marked vertices have rows.

    Args:
        mask: bool [Rz, Ry, Rx], at least 2 vertices along each axis.

    Raises:
        ValueError: another shape, or a grid of more than 2^31 - 1 vertices.

    >>> layout = layout_of(np.array([[[1, 0], [0, 1]], [[0, 0], [0, 1]]], bool))
    >>> layout.links.numpy().tolist(), layout.planes.numpy().tolist(), layout.cells.numpy().tolist()
    ([[[0, -1], [-1, 1]], [[-1, -1], [-1, 2]]], [0, 2, 3], [0, 3, 7])
    """
    mask = np.asarray(mask, bool)
    if mask.ndim != 3 or min(mask.shape) < 2 or max(mask.shape) > _MOST or mask.size >= 2**31:
        raise ValueError(
            f"a mask of voxels is bool {list(mask.shape)}; give three axes of 2 to {_MOST} vertices, "
            "fewer than 2^31 in all"
        )
    cells = np.flatnonzero(mask).astype(np.int32)
    links = np.full(mask.size, -1, np.int32)
    links[cells] = np.arange(len(cells), dtype=np.int32)
    planes = np.concatenate([[0], np.cumsum(mask.sum((1, 2)))]).astype(np.int32)
    arrays = [links.reshape(mask.shape), planes, cells]
    return VoxelLayout(*(jt.array(a).stop_grad() for a in arrays), len(cells))
