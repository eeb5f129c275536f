"""Total variation of a sparse grid of voxels."""

from jnerf.ops.voxel_variation.op import voxel_variation

__all__ = ["voxel_variation"]
