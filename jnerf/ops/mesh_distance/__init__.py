"""Nearest points of a triangle mesh: distance, side and winding number, by a tree of boxes."""

from jnerf.ops.mesh_distance.op import Nearest, mesh_distance, winding_number
from jnerf.ops.mesh_distance.tree import MeshTree, mesh_tree

__all__ = ["MeshTree", "Nearest", "mesh_distance", "mesh_tree", "winding_number"]
