"""What the networks of an octree's levels of detail see: a position, and its features summed up to each level."""

from jnerf.ops.lod_inputs.op import lod_inputs

__all__ = ["lod_inputs"]
