"""Features at the corners of a sparse octree's voxels, interpolated and summed over its levels."""

from jnerf.ops.octree_interp.layout import (
    Octree,
    dense_octree,
    leaf_neighbourhood,
    morton,
    octree_of,
    octree_of_grid,
    octree_of_masks,
    octree_of_points,
    unmorton,
    vertex_positions,
)
from jnerf.ops.octree_interp.op import (
    octree_interp,
    octree_interp_known,
    octree_kept,
    octree_pull,
)

__all__ = [
    "Octree",
    "dense_octree",
    "leaf_neighbourhood",
    "morton",
    "octree_interp",
    "octree_interp_known",
    "octree_kept",
    "octree_of",
    "octree_of_grid",
    "octree_of_masks",
    "octree_of_points",
    "octree_pull",
    "unmorton",
    "vertex_positions",
]
