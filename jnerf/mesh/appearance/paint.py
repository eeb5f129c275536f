"""A surface with its colours: those of the field, in its vertices or in a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.mesh.appearance.bake import bake
from jnerf.mesh.appearance.color import vertex_colors
from jnerf.mesh.appearance.unwrap import unwrap
from jnerf.mesh.lattice import Lattice
from jnerf.mesh.libraries import library
from jnerf.mesh.normals import vertex_normals
from jnerf.mesh.surface import Surface


def plain(surface: Surface, lattice: Lattice) -> Any:
    """A ``trimesh.Trimesh`` in world units, without colours."""
    vertices = lattice.in_world(surface.vertices)
    normals = vertex_normals(vertices, surface.faces)
    return _trimesh(vertices, surface.faces, normals)


def with_vertex_colors(surface: Surface, lattice: Lattice, network: Any, round: int) -> Any:
    """A ``trimesh.Trimesh`` in world units whose vertices have colours; arguments as for :func:`with_texture`."""
    mesh = plain(surface, lattice)
    mesh.visual.vertex_colors = vertex_colors(
        network,
        lattice.in_field(surface.vertices),
        lattice.field_directions(mesh.vertex_normals),
        lattice.voxel,
        round,
    )
    return mesh


def with_texture(
    surface: Surface,
    lattice: Lattice,
    network: Any,
    round: int,
    size: int,
    progress: bool = True,
) -> Any:
    """A ``trimesh.Trimesh`` in world units with a picture of its colours.

    The colour of a texel is what the field shows at its place on the triangle, to someone who looks along the
    normal there, which is that of the corners in the triangle's plane.

    Args:
        surface: the triangles.
        lattice: on which they lie.
        network: the field.
        round: of the samples, for fields that differ from round to round.
        size: texels along a side of the picture.
        progress: show a progress bar.

    Returns:
        A mesh whose material is a ``PBRMaterial`` with the picture as its base colour.
    """
    if progress:
        print(f"unwrapping {len(surface.faces)} faces ...", flush=True)
    world = lattice.in_world(surface.vertices)
    normals = vertex_normals(world, surface.faces)
    flat = unwrap(world, surface.faces, size)

    def colors(corners: NDArray[np.integer], weights: NDArray[np.float64]) -> NDArray[np.uint8]:
        source = flat.source[corners]
        points = np.einsum("tc,tck->tk", weights, surface.vertices[source])
        seen = np.einsum("tc,tck->tk", weights, normals[source])
        length = np.linalg.norm(seen, axis=1, keepdims=True)
        seen /= np.where(length > 1e-6, length, np.inf)
        directions = lattice.field_directions(seen)
        return vertex_colors(network, lattice.in_field(points), directions, lattice.voxel, round)

    image = bake(flat.uvs, flat.faces, size, colors, progress=progress)
    mesh = _trimesh(world[flat.source], flat.faces, normals[flat.source])
    texture = library("trimesh.visual.texture")
    material = library("trimesh.visual.material").PBRMaterial(
        name="field",
        baseColorTexture=library("PIL.Image").fromarray(image),
        metallicFactor=0.0,
        roughnessFactor=1.0,
    )
    mesh.visual = texture.TextureVisuals(uv=flat.uvs, material=material)
    return mesh


def _trimesh(vertices: NDArray, faces: NDArray, normals: NDArray) -> Any:
    make = library("trimesh").Trimesh
    return make(vertices, faces, vertex_normals=normals, process=False, validate=False)
