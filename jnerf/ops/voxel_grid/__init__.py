"""Lookups in a sparse grid of voxels: any values, or density and colour in a direction."""

from jnerf.ops.voxel_grid.layout import SH_WIDTH, VoxelLayout, layout_of
from jnerf.ops.voxel_grid.op import voxel_field, voxel_interp

__all__ = ["SH_WIDTH", "VoxelLayout", "layout_of", "voxel_field", "voxel_interp"]
