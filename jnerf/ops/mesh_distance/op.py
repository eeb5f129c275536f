"""Jittor op: the nearest point of a triangle mesh, its distance, and on which side a point is."""

from __future__ import annotations

from typing import Literal, NamedTuple

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.mesh_distance.tree import MeshTree

Side = Literal["none", "normals", "winding"]
_SIDES = ("none", "normals", "winding")
#: Triangles that lie together within a ball are taken together from so many of its radii on.
REACH = 2.5

_MESH = 'jnerf::MeshArrays{in1_p, in2_p, in3_p, in4_p, in5_p, (int)data["depth"]}'


class Nearest(NamedTuple):
    """What is nearest to each of P points.

    Attributes:
        distances: float32 [P]; negative inside, where a side was asked for.
        points: of the mesh, float32 [P, 3].
        faces: the triangle that has it, int32 [P].
    """

    distances: jt.Var
    points: jt.Var
    faces: jt.Var


def mesh_distance(
    points: jt.Var, tree: MeshTree, side: Side = "normals", bounds: jt.Var | None = None
) -> Nearest:
    """The nearest point of a mesh; without gradients.

    Args:
        points: float32 [P, 3], in the mesh's units.
        tree: the mesh.
        side: what gives distances their sign. "normals": those of triangles, edges and corners, right for closed
            meshes that are oriented alike; "winding": a winding number of 0.5 or more is inside, for any mesh; "none":
            distances are positive.
        bounds: distances that are known not to be exceeded, float32 [P]; a walk is shorter for it.

    Returns:
        NaN and face -1 for points that are not finite.

    Raises:
        ValueError: a shape is wrong, or the side is unknown.
    """
    n = _check(points)
    if side not in _SIDES:
        raise ValueError(f"side is {side!r}; it must be one of {', '.join(_SIDES)}")
    if bounds is not None and tuple(bounds.shape) != (n,):
        raise ValueError(f"bounds are {list(bounds.shape)}; they must be [{n}], one for each point")
    if not n:
        return Nearest(jt.zeros((0,)), jt.zeros((0, 3)), jt.zeros((0,), "int32"))
    source = f"""
jnerf::mesh_distance(out0->num, jnerf::MeshDistance{{{_MESH}, in0_p, in6_p, (int)data["bounded"],
    (int)data["side"], (float)data["reach"], out0_p, out1_p, out2_p}});
"""
    data = {"depth": tree.depth, "side": _SIDES.index(side), "reach": REACH}
    data["bounded"] = bounds is not None
    inputs = [*_inputs(points, tree), nothing() if bounds is None else bounds]
    shapes, dtypes = [(n,), (n, 3), (n,)], ["float32", "float32", "int32"]
    found = code_op("mesh_distance", shapes, dtypes, inputs, source, data)
    return Nearest(*(var.stop_grad() for var in found))


def winding_number(points: jt.Var, tree: MeshTree, reach: float = REACH) -> jt.Var:
    """How often a mesh winds around points, float32 [P]: 1 inside and 0 outside of a closed one.

    Args:
        points: float32 [P, 3], in the mesh's units.
        tree: the mesh.
        reach: from so many radii on, what lies together is taken together: higher is more exact and slower.

    Raises:
        ValueError: the shape is wrong.
    """
    n = _check(points)
    if not n:
        return jt.zeros((0,))
    source = f"""
jnerf::mesh_winding_numbers(out0->num, jnerf::MeshWinding{{{_MESH}, in0_p, (float)data["reach"], out0_p}});
"""
    data = {"depth": tree.depth, "reach": reach}
    inputs = _inputs(points, tree)
    return code_op("mesh_distance", [(n,)], ["float32"], inputs, source, data)[0].stop_grad()


def _inputs(points: jt.Var, tree: MeshTree) -> list[jt.Var]:
    return [points, tree.boxes, tree.areas, tree.triangles, tree.numbers, tree.normals]


def _check(points: jt.Var) -> int:
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"points are {list(points.shape)}; they must be [P, 3]")
    return points.shape[0]
