"""Rays through an octree: the leaves that each meets, in order, and samples in them."""

from jnerf.ops.octree_march.op import OctreeIntervals, octree_march

__all__ = ["OctreeIntervals", "octree_march"]
