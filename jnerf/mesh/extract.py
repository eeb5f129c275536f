"""From a pipeline to a coloured mesh in world units."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.pixel_store import free_memory
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.trained import refuse_ndc
from jnerf.errors import ConfigError
from jnerf.mesh.appearance.paint import plain, with_texture, with_vertex_colors
from jnerf.mesh.closed import close
from jnerf.mesh.decimate import simplified
from jnerf.mesh.field import SurfaceField
from jnerf.mesh.lattice import Lattice, make_lattice
from jnerf.mesh.libraries import needed
from jnerf.mesh.marching import zero_level
from jnerf.mesh.normals import vertex_normals
from jnerf.mesh.options import MeshOptions
from jnerf.mesh.surface import Surface
from jnerf.mesh.visible import seen
from jnerf.mesh.volume import CHUNK, layers, survey

# Of each point of three layers of blocks, the temporary copies among them, and of each block.
_BYTES_PER_POINT, _BYTES_PER_BLOCK = 12, 24


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
        A ``trimesh.Trimesh`` in world units, normals outward, with vertex colours if they were wanted and it has some.

    Raises:
        ConfigError: the field is in NDC, has no surface at this level or in this box, or an option is out of range.
        JnerfError: the field is not finite, or a library is missing.
    """
    refuse_ndc(pipeline)
    if options.color and "rgbs" not in pipeline.network.provides:
        if options.texture is not None:
            name = type(pipeline.network).__name__
            raise ConfigError(f"{name} has no colours: leave out --texture for the bare surface")
        options = replace(options, color=False)
    needed(options)
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
        where = pipeline.network, pipeline.sampler.earlier_rounds
        if not options.color:
            mesh = plain(surface, lattice)
        elif options.texture is None:
            mesh = with_vertex_colors(surface, lattice, *where)
        else:
            mesh = with_texture(surface, lattice, *where, options.texture, progress)
    jt.gc()
    return mesh


def field_surface(
    pipeline: Pipeline, resolution: int
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The field's whole surface in field units, by the weights as they are: vertices [V, 3], triangles [F, 3].

    Args:
        pipeline: the method, its network in ``eval()``.
        resolution: points along the longest side of the field's box.

    Raises:
        ConfigError: there is no surface.
        JnerfError: the field is not finite, or a library is missing.
    """
    options = MeshOptions(resolution=resolution, color=False)
    needed(options)
    lattice = make_lattice(pipeline.facts["aabb"], resolution, Similarity())
    _check_memory(lattice)
    field = SurfaceField(pipeline.network, options.level, pipeline.sampler)
    surface = _surface(pipeline, field, lattice, options, progress=False)
    return lattice.in_field(surface.vertices).astype(np.float64), surface.faces


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
    known = survey(field, lattice, *field.candidates(lattice, CHUNK), progress=progress)
    volume = layers(field, lattice, known, field.unit(lattice), progress=progress)
    aabb = np.asarray(pipeline.facts["aabb"], np.float32)
    sphere = scene_sphere(pipeline) if options.sphere else None
    if options.close:
        volume = close(volume, lattice, aabb, sphere)
    surface = zero_level(volume, lattice.counts)
    inside = options.close and bool((known.signs >= 0).any())
    if not len(surface.faces) and not inside:
        raise ConfigError(_no_surface(field, options))
    if not options.close:
        surface = _cut(surface, lattice, aabb if options.bound is not None else None, sphere)
    if not len(surface.faces):
        where = "the field's box" if sphere is None else "the scene's sphere"
        raise ConfigError(f"all of the surface lies outside {where}: nothing is left of it")
    if options.only_visible:
        surface = _visible(surface, lattice, pipeline, progress)
    return _kept(surface, lattice, options)


def _visible(surface: Surface, lattice: Lattice, pipeline: Pipeline, progress: bool) -> Surface:
    """Faces that have a vertex that some view of the scene sees, and those around them: a border of little holes less.

    Raises:
        ConfigError: the scene has no views, or they see nothing.
    """
    cameras = pipeline.dataset.cameras
    if cameras is None:
        raise ConfigError("--visible: this dataset has no views; say --no-visible")
    normals = vertex_normals(lattice.in_world(surface.vertices), surface.faces)
    points = lattice.in_field(surface.vertices)
    found = seen(points, lattice.field_directions(normals), cameras, lattice.voxel, progress)
    found[surface.faces[found[surface.faces].any(axis=1)]] = True
    surface = surface.only(found[surface.faces].any(axis=1))
    if not len(surface.faces):
        raise ConfigError("--visible: no view sees anything of the surface; say --no-visible")
    return surface


def _kept(surface: Surface, lattice: Lattice, options: MeshOptions) -> Surface:
    """The parts that the options leave, simplified if they say so.

    Raises:
        ConfigError: nothing is left.
    """
    if options.largest:
        surface = surface.largest_part()
    if options.min_faces > 0 or options.min_size > 0:
        size = options.min_size / (lattice.to_world.scale * float(lattice.spacing.max()))
        before, surface = len(surface.faces), surface.large_parts(options.min_faces, size)
        if not len(surface.faces):
            raise ConfigError(
                f"none of the surface's parts ({before} faces in all) is as large as --min-faces {options.min_faces} "
                f"and --min-size {options.min_size:g} ask"
            )
    if options.most_faces is not None:
        surface = simplified(surface, options.most_faces, lattice.spacing)
    return surface


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
    """Raises ConfigError where two layers of blocks do not fit; the surface itself is watched while it grows."""
    nx, ny, nz = lattice.blocks
    needed = 8 * 8**2 * ny * nz * _BYTES_PER_POINT + nx * ny * nz * _BYTES_PER_BLOCK
    free = free_memory()
    if needed > free:
        raise ConfigError(
            f"resolution: {' x '.join(map(str, lattice.counts))} points need {needed / 2**30:.2g} GiB of memory, "
            f"{free / 2**30:.2g} GiB are free. Choose a smaller one, or a smaller --bound"
        )
