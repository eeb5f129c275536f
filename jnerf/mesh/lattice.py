"""The points at which a field is asked: a regular grid in a box of the field, or in a box of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError

#: Points along each side of a block, the unit in which a lattice is asked or left out.
BLOCK = 8


@dataclass(frozen=True, eq=False)
class Lattice:
    """Points ``low + index * spacing`` in a frame of their own, which is the field or the world.

    Attributes:
        low: the first point, float64 [3], frame units.
        spacing: distance of neighbours along each axis, float64 [3], frame units.
        counts: points along each axis.
        to_field: frame to field.
        to_world: frame to world.
    """

    low: NDArray[np.float64]
    spacing: NDArray[np.float64]
    counts: tuple[int, int, int]
    to_field: Similarity
    to_world: Similarity

    @property
    def blocks(self) -> tuple[int, int, int]:
        """Blocks along each axis; the last one may reach beyond the lattice."""
        return tuple(-(-count // BLOCK) for count in self.counts)

    @property
    def voxel(self) -> float:
        """Longest distance of neighbours, field units."""
        return self.to_field.scale * float(self.spacing.max())

    def in_frame(self, indices: ArrayLike) -> NDArray[np.float64]:
        """Places of points, or of whatever lies between them: indices [P, 3] to float64 [P, 3], frame units."""
        return self.low + np.asarray(indices, np.float64) * self.spacing

    def in_field(self, indices: ArrayLike) -> NDArray[np.float32]:
        """The same in field units: indices [P, 3] to float32 [P, 3]."""
        return self.to_field.points(self.in_frame(indices)).astype(np.float32)

    def in_world(self, indices: ArrayLike) -> NDArray[np.float64]:
        """The same in world units: indices [P, 3] to float64 [P, 3]."""
        return self.to_world.points(self.in_frame(indices))

    def field_directions(self, directions: ArrayLike) -> NDArray[np.float32]:
        """World directions in the field's axes, lengths kept: [P, 3] to float32 [P, 3]."""
        back = self.to_world.inverse()
        return self.to_field.directions(back.directions(directions)).astype(np.float32)

    def block_reach(self) -> float:
        """How far from a block's middle the cells reach that have one of its points, field units."""
        return self.to_field.scale * 0.5 * (BLOCK + 1) * float(np.linalg.norm(self.spacing))

    def block_middles(self, blocks: NDArray[np.int64]) -> NDArray[np.float32]:
        """Middles of blocks [M, 3] in field units, float32 [M, 3]."""
        return self.in_field(blocks * BLOCK + 0.5 * (BLOCK - 1))


def make_lattice(
    aabb: ArrayLike,
    resolution: int,
    world_to_field: Similarity,
    bound: Sequence[float] | None = None,
) -> Lattice:
    """A lattice whose outermost points lie on the faces of a box, with cells as cubic as that allows.

    Args:
        aabb: the field's box, (min xyz, max xyz), field units.
        resolution: points along the box's longest side, at least 2.
        world_to_field: the dataset's similarity.
        bound: a box of the world instead, (min xyz, max xyz) in world units and along the world's axes.

    Raises:
        ConfigError: the resolution is too small, or the bound is no box.

    >>> make_lattice([0, 0, 0, 1, 1, 2], 5, Similarity()).counts
    (3, 3, 5)
    """
    if resolution < 2:
        raise ConfigError(f"resolution is {resolution}; a surface needs at least 2 points a side")
    field_to_world, identity = world_to_field.inverse(), Similarity()
    if bound is None:
        box, to_field, to_world = np.asarray(aabb, np.float64), identity, field_to_world
    else:
        box, to_field, to_world = np.asarray(bound, np.float64), world_to_field, identity
    if box.shape != (6,) or not np.isfinite(box).all() or (box[3:] <= box[:3]).any():
        raise ConfigError(
            f"bound is {list(bound or aabb)}; give min x y z, then max x y z, each greater than its min, world units"
        )
    sides = box[3:] - box[:3]
    counts = np.maximum(np.round(sides / sides.max() * (resolution - 1)), 1).astype(int) + 1
    return Lattice(box[:3], sides / (counts - 1), tuple(counts.tolist()), to_field, to_world)
