"""Surfaces that end nowhere: what a box or a sphere cuts off is closed along the cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.mesh.lattice import Lattice
from jnerf.mesh.volume import prepared

_INWARD = 1e-6  # field units: points on the border itself count as outside


def close(
    layers: Iterable[NDArray[np.float32]],
    lattice: Lattice,
    aabb: ArrayLike,
    sphere: tuple[ArrayLike, float] | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Lets the inside end at the lattice's border, the field's box and a sphere.

    The result is the intersection of solids, the least of their values (positive inside): the level set of the field,
    and flat or round lids where it was cut.

    Args:
        layers: the field's values, positive inside, in slices along x, float32 [n, Ny, Nz]; changed in place.
        lattice: where they are.
        aabb: the field's box, field units.
        sphere: centre and radius, field units; None: there is none.

    Yields:
        The layers.
    """
    low, high = np.split(np.asarray(aabb, np.float32), 2)
    nx, ny, nz = lattice.counts
    rest = np.stack(np.meshgrid(np.arange(ny), np.arange(nz), indexing="ij"), axis=-1)
    rest = rest.reshape(-1, 2)
    border = ((rest == 0) | (rest == (ny - 1, nz - 1))).any(axis=1)
    first = 0
    for layer in layers:
        for i, plane in enumerate(layer, first):
            points = lattice.in_field(np.insert(rest, 0, i, axis=1))
            margin = np.minimum(points - low, high - points).min(axis=1)
            if sphere is not None:
                beyond = np.linalg.norm(points - np.asarray(sphere[0], np.float32), axis=1)
                margin = np.minimum(margin, np.float32(sphere[1]) - beyond)
            margin = np.where(border | (i in (0, nx - 1)), np.minimum(margin, 0), margin)
            lid = prepared((margin - np.float32(_INWARD)) / np.float32(lattice.voxel))
            np.minimum(plane, lid.reshape(ny, nz), out=plane)
        first += len(layer)
        yield layer
