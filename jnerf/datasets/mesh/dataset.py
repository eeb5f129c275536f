"""A mesh as a dataset: points, and how far they are from its surface (Müller et al. 2022,
https://arxiv.org/abs/2201.05989, section 5.2)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.mesh.around import cameras_around
from jnerf.datasets.mesh.points import Shares, draw
from jnerf.datasets.mesh.reading import read_mesh
from jnerf.datasets.mesh.solid import make_solid
from jnerf.datasets.mesh.truth import Truth
from jnerf.datasets.pictures.image_folder import Split
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.judging.judgement import Judgement, Subject
from jnerf.judging.solid import Judging, judge_solid
from jnerf.judging.solid_pictures import View
from jnerf.ops.common.constants import filled
from jnerf.registry import DATASETS
from jnerf.schedules import Scheduled, make_schedule
from jnerf.structures import Batch, RayBundle, RaySamples, RenderOutput

_THINNED = 2  # every so many pixels of a camera are in the test's pictures
Fit = Literal["box", "ball"]
_SURFACE_STREAM = 77  # of the points that say where the surface is


@DATASETS.register()
class MeshDataset(Dataset):
    """Points of the unit cube, which a mesh is scaled to fit, with their signed distances: ``extras["distances"]``,
    field units, negative inside.

    All splits are the same mesh, for what is judged is how well it is kept. Files are OBJ, and with the library trimesh
    PLY, STL, OFF and GLB; polygons are divided, colours and textures are not read.

    Args:
        root: the file; relative paths as those of scenes ($JNERF_DATA, else ./data, else ../shared/data).
        split: train, val or test.
        seed: the run's seed; with the step it decides which points are drawn.
        fit: "box": the longest edge of the mesh's box, widened on each side by ``margin`` of its diagonal, becomes 1;
            "ball": the vertex farthest from the box's middle comes to 0.5 from the cube's.
        margin: see ``fit``; without it the flat ends of a mesh lie on the faces of the cube, where they get holes.
        surface_share: of a batch's points, those on the surface: their distance is 0 and costs nothing.
        near_share: those near it; the rest lies anywhere in the cube.
        noise: of near points, by which they are off the surface along each axis: "logistic" or "normal".
        noise_std: its standard deviation, field units; a number or a schedule, which may begin or end at 0: wide noise
            tells the sides apart sooner, narrow noise is about the surface.
        batches_at_once: batches whose points are drawn, and distances found, together.
        passes: how often these are used before new ones are: what a distance costs is shared by so many steps.
        up: the axis of the world that points up in pictures: "x", "y" or "z".
        volume_points: random points of the mesh's box by which the inside is judged.
        surface_points: random points of each surface between which distances and angles are taken, in the test.
        surface_resolution: points a side of the lattice on which the field's surface is found for that.

    Raises:
        ConfigError: an argument is out of its range.
        DataError: the file is missing, damaged, or no mesh that has an inside.
    """

    provides = frozenset({"distances"})

    def __init__(
        self,
        root: str,
        split: Split = "train",
        seed: int = 0,
        fit: Fit = "box",
        margin: float = 0.005,
        surface_share: float = 0.5,
        near_share: float = 0.375,
        noise: Literal["logistic", "normal"] = "logistic",
        noise_std: Scheduled = 0.866 / 1024,
        batches_at_once: int = 8,
        passes: int = 1,
        up: Literal["x", "y", "z"] = "y",
        volume_points: int = 2**20,
        surface_points: int = 10**5,
        surface_resolution: int = 384,
    ) -> None:
        super().__init__(aabb=[0, 0, 0, 1, 1, 1])
        self._noise_std = _noise_schedule(noise_std)
        self._shares = Shares(surface_share, near_share, noise, self._noise_std(0))
        self._judging = Judging(volume_points, surface_points, surface_resolution)
        self._check(split, fit, margin, batches_at_once, passes, up)
        solid = make_solid(read_mesh(root), root)
        self.transform, box = _place(solid.mesh.vertices, fit, margin)
        self.truth = Truth(solid, self.transform, box)
        self._name, self._seed, self._up = Path(root).stem, seed, "xyz".index(up)
        self._together, self._passes = batches_at_once, passes
        self._drawn: tuple[tuple[int, int], list] | None = None
        middle = np.full(3, 0.5)
        self.sphere = middle, float(np.linalg.norm(self.truth.vertices - middle, axis=1).max())

    @staticmethod
    def _check(split: str, fit: str, margin: float, together: int, passes: int, up: str) -> None:
        for name, value, allowed in (
            ("split", split, ("train", "val", "test")),
            ("fit", fit, ("box", "ball")),
            ("up", up, ("x", "y", "z")),
        ):
            if value not in allowed:
                raise ConfigError(
                    f"MeshDataset: {name} is {value!r}; it must be {' or '.join(allowed)}"
                )
        for name, value in (("batches_at_once", together), ("passes", passes)):
            if value < 1:
                raise ConfigError(f"MeshDataset: {name} is {value}; it must be at least 1")
        if not 0 <= margin < 1:
            raise ConfigError(f"MeshDataset: margin is {margin}; it must be in [0, 1)")

    def facts(self) -> dict[str, Any]:
        """See ``Dataset``; the cameras are for pictures alone, no sampler is to learn from where they look.

        ``surface``: (n, seed) -> points spread evenly over the surface, float32 [n, 3].
        """
        return {**super().facts(), "cameras": None, "surface": self._surface}

    def _surface(self, n: int, seed: int) -> NDArray[np.float32]:
        random = np.random.Generator(np.random.Philox(key=[seed, _SURFACE_STREAM]))
        return self.truth.on_surface(*random.random((3, n)))[0]

    @cached_property
    def cameras(self) -> Cameras:
        """Views of the whole mesh from around, field units: of pictures, nothing is trained on them."""
        return cameras_around(*self.sphere, self._up)

    def sample(self, n_rays: int, step: int) -> Batch:
        """See ``Dataset``; ``rgba`` is opaque black."""
        turn, number = divmod(step, self._together * self._passes)
        points, distances = self._batches(turn, n_rays)[number % self._together]
        origins, distances = (jt.array(a).stop_grad() for a in (points, distances[:, None]))
        rays = RayBundle(origins, filled(points.shape, 0.0))
        return Batch(rays, _black(n_rays), {"distances": distances})

    def _batches(self, turn: int, n: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The batches that are drawn together, of n points each."""
        if self._drawn is None or self._drawn[0] != (turn, n):
            std = self._noise_std(turn * self._together * self._passes)
            how = self.truth, replace(self._shares, noise_std=std), n, self._seed, turn
            found = [draw(*how, first=i * n) for i in range(self._together)] if n else []
            nothing = np.empty((0, 3), np.float32), np.empty(0, np.float32)
            self._drawn = (turn, n), found or [nothing] * self._together
        return self._drawn[1]

    def summary(self) -> dict[str, Any]:
        """See ``Dataset``."""
        mesh = self.truth.solid.mesh
        found = {"n_triangles": len(mesh.faces), "n_vertices": len(mesh.vertices)}
        return {**found, **self.truth.solid.about, "side_by": self.truth.solid.side}

    def thinned(self, n: int) -> MeshDataset:
        """See ``Dataset``: judged by every n-th of the points."""
        found = copy.copy(self)
        found._judging = self._judging.thinned(n)
        return found

    def judge_batch(
        self, render: RenderOutput, batch: Batch, samples: RaySamples
    ) -> dict[str, float]:
        """See ``Dataset``: ``mae``, the mean absolute error of the distances, field units."""
        found = render.extras.get("sdf")
        if found is None:
            return {}
        error = jt.abs(found[:, -1:] - batch.extras["distances"]).mean()
        return {"mae": float(error.item())}

    def judge(
        self, subject: Subject, n_images: int | None = None, folder: Path | None = None
    ) -> Judgement:
        """How much of the inside is the same, and with a folder how far the surfaces are apart; ``judge_solid``."""
        where = self._name, folder, self._view
        return judge_solid(self.truth, subject, self._judging, *where)

    def _view(self) -> View:
        """The first of the cameras, with fewer pixels."""
        few = self.cameras.sizes[0] // _THINNED
        y, x = np.mgrid[: few[1], : few[0]].reshape(2, -1) * _THINNED + _THINNED // 2
        rays = self.cameras.generate_rays(np.zeros(len(x), np.int32), x, y)
        return View(*rays, int(few[0]), int(few[1]))

    def check_judging(self, n_images: int | None = None) -> None:
        """There are always points."""


def _noise_schedule(noise_std: Scheduled) -> Callable[[int], float]:
    """The noise of each step, whose two ends are looked at before a training begins, not in the middle of it."""
    schedule = make_schedule(noise_std)
    ends = schedule.value, getattr(schedule, "end", schedule.value)
    if not (min(ends) >= 0 and 0 < max(ends) < 1):
        raise ConfigError(
            f"MeshDataset: noise_std is {noise_std}; it must be in (0, 1), field units, where a schedule may begin or "
            "end at 0"
        )
    return schedule


def _place(
    vertices: NDArray[np.float64], fit: Fit, margin: float
) -> tuple[Similarity, NDArray[np.float32]]:
    """The way from the world to the field, and the mesh's box there with its margin, [6]."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    middle, wide = 0.5 * (low + high), margin * float(np.linalg.norm(high - low))
    low, high = low - wide, high + wide
    if fit == "box":
        scale = 1 / float((high - low).max())
    else:
        scale = 0.5 / float(np.linalg.norm(vertices - middle, axis=1).max())
    transform = Similarity(scale, translation=0.5 - scale * middle)
    box = np.clip(transform.points(np.stack([low, high])), 0, 1)
    return transform, box.reshape(6).astype(np.float32)


@lru_cache(maxsize=2)
def _black(n: int) -> jt.Var:
    """Opaque black, float32 [n, 4], the same at every step."""
    rgba = np.zeros((n, 4), np.float32)
    rgba[:, 3] = 1
    return jt.array(rgba).stop_grad()
