"""From a pipeline to a coloured mesh in world units."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.pictures.pixel_store import free_memory
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.errors import ConfigError
from jnerf.mesh.closed import close
from jnerf.mesh.color import vertex_colors
from jnerf.mesh.field import SurfaceField
from jnerf.mesh.lattice import Lattice, make_lattice
from jnerf.mesh.libraries import NEEDED, library
from jnerf.mesh.surface import Surface, zero_level
from jnerf.mesh.volume import CHUNK, evaluate

# Of one point at the peak: the volume, the checks of marching cubes, and the triangles (lego at 512^3: 9 bytes).
_BYTES_PER_POINT = 9


@dataclass(frozen=True)
class MeshOptions:
    """What to extract.

    Attributes:
        resolution: points along the longest side of the box.
        bound: box of the world, (min xyz, max xyz), world units; None: the field's box.
        level: of the density, per field unit, or of the signed distance, field units; None: 25, or 0.
        largest: keep only the connected part with the most faces.
        sphere: keep only what lies in the scene's sphere.
        close: close the surface where the box or the sphere cuts it.
        color: ask the field for the vertices' colours.
    """

    resolution: int = 256
    bound: Sequence[float] | None = None
    level: float | None = None
    largest: bool = False
    sphere: bool = False
    close: bool = False
    color: bool = True


def extract_mesh(
    pipeline: Pipeline,
    options: MeshOptions,
    world_to_field: Similarity | None = None,
    progress: bool = True,
) -> Any:
    """The field's surface as a mesh, by the averaged weights.

    Args:
        pipeline: the method, its weights loaded.
        options: what to extract.
        world_to_field: the similarity that the field was trained in; None: the dataset's.
        progress: show progress bars.

    Returns:
        A ``trimesh.Trimesh`` in world units, normals outward, with vertex colours if they were wanted.

    Raises:
        ConfigError: the field is in NDC, has no surface at this level or in this box, or an option is out of range.
        JnerfError: the field is not finite, or a library is missing.
    """
    for name in NEEDED:
        library(name)
    refuse_ndc(pipeline)
    if world_to_field is None:
        world_to_field = pipeline.dataset.transform or Similarity()
    lattice = make_lattice(
        pipeline.facts["aabb"], options.resolution, world_to_field, options.bound
    )
    _check_memory(lattice)
    pipeline.network.eval()
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        field = SurfaceField(pipeline.network, options.level, pipeline.sampler)
        surface = _surface(pipeline, field, lattice, options, progress)
        mesh = library("trimesh").Trimesh(
            lattice.in_world(surface.vertices), surface.faces, process=False
        )
        if options.color:
            normals = world_to_field.directions(mesh.vertex_normals).astype(np.float32)
            points = lattice.in_field(surface.vertices)
            last = pipeline.sampler.earlier_rounds
            found = vertex_colors(pipeline.network, points, normals, lattice.voxel, last)
            mesh.visual.vertex_colors = found
    jt.gc()
    return mesh


def refuse_ndc(pipeline: Pipeline) -> None:
    """Raises ConfigError for a field in NDC, or one that is not in three dimensions."""
    if pipeline.facts["n_dims"] != 3:
        raise ConfigError(f"a field of {pipeline.facts['n_dims']} dimensions has no surface")
    if isinstance(pipeline.dataset.cameras, NDCCameras):
        raise ConfigError(
            "this field is in NDC (dataset.space='ndc'): its box holds everything out to infinity, its cells grow with "
            "the distance, and no similarity leads back to the world. Train with dataset.space='bounded' or 'spherify' "
            "to extract a mesh"
        )


def scene_sphere(pipeline: Pipeline) -> tuple[NDArray[np.float64], float]:
    """Centre and radius, field units: the dataset's ``sphere``, or the largest in the field's box."""
    known = pipeline.dataset.sphere
    if known is not None:
        return np.asarray(known[0], np.float64), float(known[1])
    aabb = np.asarray(pipeline.facts["aabb"], np.float64)
    return (aabb[:3] + aabb[3:]) / 2, float((aabb[3:] - aabb[:3]).min() / 2)


def _surface(
    pipeline: Pipeline,
    field: SurfaceField,
    lattice: Lattice,
    options: MeshOptions,
    progress: bool,
) -> Surface:
    """The level set, cut as the options say.

    Raises:
        ConfigError: there is none.
    """
    wanted, fill = field.candidates(lattice, CHUNK)
    volume = evaluate(field, lattice, wanted, fill, progress=progress)
    aabb = np.asarray(pipeline.facts["aabb"], np.float32)
    sphere = scene_sphere(pipeline) if options.sphere else None
    inside = options.close and bool((volume > 0).any())
    if options.close:
        close(volume, lattice, aabb, sphere)
    surface = zero_level(volume)
    if not len(surface.faces) and not inside:
        raise ConfigError(_no_surface(field, options))
    if not options.close:
        surface = _cut(surface, lattice, aabb if options.bound is not None else None, sphere)
    if not len(surface.faces):
        where = "the field's box" if sphere is None else "the scene's sphere"
        raise ConfigError(f"all of the surface lies outside {where}: nothing is left of it")
    return surface.largest_part() if options.largest else surface


def _cut(
    surface: Surface,
    lattice: Lattice,
    aabb: NDArray[np.float32] | None,
    sphere: tuple[NDArray[np.float64], float] | None,
) -> Surface:
    """What of a surface lies in a box and a sphere, with holes where they cut it."""
    points = lattice.in_field(surface.vertices)
    inside = np.ones(len(points), bool)
    if aabb is not None:  # the field says nothing of what is outside its box
        eps = np.float32(1e-5) * (aabb[3:] - aabb[:3]).max()
        inside = (points >= aabb[:3] - eps).all(axis=1) & (points <= aabb[3:] + eps).all(axis=1)
    if sphere is not None:
        inside &= np.linalg.norm(points - sphere[0], axis=1) <= sphere[1]
    return surface.within(inside)


def _no_surface(field: SurfaceField, options: MeshOptions) -> str:
    low, high = field.range
    name = "signed distances" if field.kind == "sdf" else "densities"
    seen = f"{name} from {low:.4g} to {high:.4g}" if low <= high else "nothing but empty cells"
    text = f"no surface: level {field.level:.4g} is nowhere crossed, seen were {seen} (field units)"
    if low < field.level < high:
        return f"{text}. The surface is thinner than a cell: raise --resolution above {options.resolution}"
    return f"{text}. Choose a --level in between, another --bound, or train longer"


def _check_memory(lattice: Lattice) -> None:
    needed, free = _BYTES_PER_POINT * int(np.prod(lattice.blocks)) * 8**3, free_memory()
    if needed > free:
        raise ConfigError(
            f"resolution: {' x '.join(map(str, lattice.counts))} points need {needed / 2**30:.1f} GiB of memory, "
            f"{free / 2**30:.1f} GiB are free. Choose a smaller one, or a smaller --bound"
        )
