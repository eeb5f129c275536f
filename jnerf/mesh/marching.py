"""Marching cubes tile by tile, the tiles sewn together: the surface that one big volume would give, without the volume.

A tile has ``TILE`` cells a side in y and z and those of one layer of blocks in x, and shares its border points with its
neighbours. What Lewiner et al. 2003 put into a cell depends on the cell's eight values alone, so on a shared border two
tiles put the same vertices on the same edges of the lattice. A vertex on an edge is known by that edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.pixel_store import free_memory
from jnerf.errors import ConfigError
from jnerf.mesh.libraries import library
from jnerf.mesh.surface import Surface

#: Cells along y and z that are marched through at once.
TILE = 64
# Bytes that come to hold a triangle's share of the finished mesh, its colours, normals and files among them.
_BYTES_PER_FACE = 150


class Stitched:
    """A surface that grows tile by tile.

    Args:
        counts: points of the lattice along each axis.
    """

    def __init__(self, counts: tuple[int, int, int]) -> None:
        self._counts = counts
        self._vertices: list[tuple[NDArray[np.float32], tuple[int, int, int]]] = []
        self._faces: list[NDArray[np.int32]] = []
        self._keys: list[NDArray[np.int64]] = []
        self._keyed: list[NDArray[np.int64]] = []
        self.n_vertices = self.n_faces = 0

    def add(self, tile: NDArray[np.float32], origin: tuple[int, int, int]) -> None:
        """Takes in the zero level of a tile.

        Args:
            tile: values, positive inside, as ``volume.prepared`` leaves them; float32 [nx, ny, nz].
            origin: indices of its first point in the lattice.
        """
        if min(tile.shape) < 2 or not tile.min() < 0 < tile.max():
            return
        measure = library("skimage.measure")
        # It thinks in (z, y, x), where the other direction would be right.
        found = measure.marching_cubes(np.ascontiguousarray(tile), 0.0, gradient_direction="ascent")
        vertices, faces = found[0], found[1].astype(np.int32)
        shared = ((vertices == 0) | (vertices == np.array(tile.shape) - 1)).any(axis=1)
        keyed = np.flatnonzero(shared)
        base = np.floor(vertices[keyed])
        axis = (vertices[keyed] != base).argmax(axis=1)
        points = base.astype(np.int64) + origin
        point = (points[:, 0] * self._counts[1] + points[:, 1]) * self._counts[2] + points[:, 2]
        self._keys.append(point * 3 + axis)
        self._keyed.append(keyed + self.n_vertices)
        self._vertices.append((vertices, origin))
        self._faces.append(faces + np.int32(self.n_vertices))
        self.n_vertices += len(vertices)
        self.n_faces += len(faces)

    def surface(self) -> Surface:
        """All of it, each vertex once; what was taken in is given up."""
        kept = np.ones(self.n_vertices, bool)
        number = np.empty(self.n_vertices, np.int32)
        if self._keys:
            _, first, which = np.unique(
                np.concatenate(self._keys), return_index=True, return_inverse=True
            )
            keyed = np.concatenate(self._keyed)
            kept[keyed] = False
            kept[keyed[first]] = True
        number[:] = np.cumsum(kept) - 1
        if self._keys:
            number[keyed] = number[keyed[first]][which.reshape(-1)]
        vertices = np.empty((int(kept.sum()), 3))
        done = begin = 0
        for part, origin in self._vertices:
            rows = kept[begin : begin + len(part)]
            end = done + int(rows.sum())
            vertices[done:end] = part[rows] + np.array(origin, np.float64)
            done, begin = end, begin + len(part)
        self._vertices.clear()
        faces = np.empty((self.n_faces, 3), np.int32)
        done = 0
        for rows in self._faces:
            faces[done : done + len(rows)] = number[rows]
            done += len(rows)
        self._faces.clear()
        return Surface(vertices, faces)


def zero_level(layers: Iterable[NDArray[np.float32]], counts: tuple[int, int, int]) -> Surface:
    """The surface between positive (inside) and negative values: Lewiner et al. 2003, by scikit-image.

    Args:
        layers: the volume's values in slices along x, as ``volume.prepared`` leaves them; float32 [n, Ny, Nz], n >= 1.
        counts: points of the lattice along each axis.

    Returns:
        No vertices where the sign never changes.

    Raises:
        ConfigError: the surface would not fit into memory.
    """
    found = Stitched(counts)
    for first, slab in _overlapping(layers):
        for y in range(0, counts[1] - 1, TILE):
            for z in range(0, counts[2] - 1, TILE):
                tile = slab[:, y : y + TILE + 1, z : z + TILE + 1]
                found.add(tile, (first, y, z))
        if found.n_faces * _BYTES_PER_FACE > free_memory():
            raise ConfigError(
                f"resolution: after {first + len(slab)} of {counts[0]} layers the surface has {found.n_faces} faces: "
                "its mesh would not fit into the free memory. Choose a lower one, a smaller --bound, or another --level"
            )
    return found.surface()


def _overlapping(
    layers: Iterable[NDArray[np.float32]],
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(index of the first plane, planes) of each layer, with the first plane of the next one behind."""
    first, last = 0, None
    for layer in layers:
        if last is not None:
            yield first, np.concatenate([last, layer[:1]])
            first += len(last)
        last = layer
    if last is not None:
        yield first, last
