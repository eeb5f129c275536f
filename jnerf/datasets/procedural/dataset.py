"""The embedded scene: a still life that the package renders itself, so that a first run needs no download."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Learned, Reach
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.datasets.procedural.scene import (
    Geometry,
    Scene,
    caged_still_life,
    hemisphere_poses,
    render_image,
    still_life,
)
from jnerf.datasets.procedural.scene.cache import RenderCache
from jnerf.errors import ConfigError
from jnerf.registry import DATASETS

_RADIUS, _ANGLE, _TARGET = 4.0, 0.69, (0.0, 0.0, -0.45)
_SCALE, _OFFSET = 0.33, (0.5, 0.5, 0.5)
_EXTRAS = ("depth", "depth_error", "normals")


@DATASETS.register()
class ProceduralDataset(PosedImages):
    """Glossy, textured, shadowed solids on a wooden disc; RGBA, with exact depth and normals of every ray.

    The views do not depend on the seed, so that runs of different seeds compare. Images are rendered on first
    use and kept in ``$XDG_CACHE_HOME/jnerf`` (``~/.cache/jnerf``).

    Args:
        split: ``train`` or ``test`` (``val`` is the same as ``test``).
        seed: the run's seed; decides which pixels are drawn.
        n_train: training views.
        n_test: test views.
        resolution: width and height of the images.
        reach: see ``Reach``.
        learned: see ``Learned``.
        extras: truths to add to every training batch: ``depth`` [R, 1] (field units, 0 where a ray meets
            nothing), ``depth_error`` [R, 1] (1 where a ray meets something, 0 elsewhere: no truth is better than
            the mean of them) and ``normals`` [R, 3] (0 there).
        wires: put a bird cage of thin wires around it, for samplers to lose. From ``resolution=400`` on, every
            wire is wider than a pixel; at less, far ones break up.

    Raises:
        ConfigError: an argument is out of range.
    """

    @flat_arguments(far=4.0)
    def __init__(
        self,
        reach: Reach,
        learned: Learned,
        split: str = "train",
        seed: int = 0,
        n_train: int = 60,
        n_test: int = 10,
        resolution: int = 256,
        extras: tuple[str, ...] = (),
        wires: bool = False,
    ) -> None:
        _check_arguments(split, n_train, n_test, resolution, extras)
        if split == "train":
            world = hemisphere_poses(n_train, _RADIUS, (0.06, 0.97), 0.0, _TARGET)
        else:
            world = hemisphere_poses(n_test, _RADIUS, (0.15, 0.85), 0.37, _TARGET)
        focal = 0.5 * resolution / math.tan(0.5 * _ANGLE)
        count = len(world)
        intrinsics = np.tile([focal, focal, 0.5 * resolution, 0.5 * resolution], (count, 1))
        sizes = np.full((count, 2), resolution)
        names = [f"{split}_{i:03d}" for i in range(count)]
        transform = Similarity(_SCALE, translation=_OFFSET)
        self._scene = caged_still_life() if wires else still_life()
        images = RenderedImages(self._scene, Cameras(world, intrinsics, sizes), split)
        cameras = Cameras(transform.poses(world), intrinsics, sizes, names=names)
        aabb = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
        where = transform, aabb, reach.near, reach.far, split, seed
        super().__init__(cameras, images, *where, learned=learned)
        self._wanted = tuple(extras)
        self.provides = frozenset(extras)

    def geometry(self, rays_o: NDArray[np.float32], rays_d: NDArray[np.float32]) -> Geometry:
        """What rays meet, exactly, in field units.

        Args:
            rays_o: origins in the field, float32 [R, 3].
            rays_d: unit directions, float32 [R, 3].
        """
        back = self.transform.inverse()
        found = Geometry.of(
            self._scene,
            back.points(rays_o).astype(np.float32),
            back.directions(rays_d).astype(np.float32),
        )
        return Geometry(
            found.depths * np.float32(self.transform.scale),
            self.transform.directions(found.normals).astype(np.float32),
            found.solids,
        )

    def extras(
        self,
        images: NDArray[np.int32],
        x: NDArray[np.int32],
        y: NDArray[np.int32],
    ) -> dict[str, jt.Var]:
        """The truths asked for, each [R, C]."""
        if not self._wanted:
            return {}
        geometry = self.geometry(*self._given.generate_rays(images, x, y))
        truths = {"depth": geometry.depths, "normals": geometry.normals}
        truths["depth_error"] = (geometry.depths > 0).astype(np.float32)
        return {name: jt.array(truths[name]) for name in self._wanted}

    def depth_of(self, i: int) -> NDArray[np.float32] | None:
        """See ``PosedImages``; it is always known."""
        if self._moved_away:
            return None
        width, height = self._given.sizes[i].tolist()
        y, x = np.mgrid[0:height, 0:width].reshape(2, -1)
        found = self.geometry(*self._given.generate_rays(np.full(x.shape, i), x, y))
        return found.depths.reshape(height, width)


class RenderedImages:
    """A scene seen by N cameras of one size, rendered or read from the cache on first use.

    Args:
        scene: what is seen.
        cameras: in world units.
        label: what the progress bar calls them.
    """

    kept = None  # every pixel may become a training ray
    paths = None

    def __init__(self, scene: Scene, cameras: Cameras, label: str) -> None:
        self._scene = scene
        self._cameras = cameras
        self._label = label
        self._width, self._height = cameras.sizes[0].tolist()

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """RGBA bytes of every pixel, row-major, image after image, uint32 [P]."""
        cameras = self._cameras
        shape = (len(cameras), self._height, self._width, 4)
        solids = np.array(len(self._scene.solids))  # which of the scenes it is
        cache = RenderCache(cameras.c2w, cameras.intrinsics, cameras.sizes, solids)
        images = cache.load(shape)
        if images is None:
            images = self._render()
            cache.save(images)
        return images.reshape(-1, 4).view(np.uint32)[:, 0]

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Index of each image's first pixel, int64 [N]."""
        return np.arange(len(self._cameras), dtype=np.int64) * (self._width * self._height)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Straight RGBA of one image, uint8 [H, W, 4]."""
        start = self.offsets[i]
        flat = self.pixels[start : start + self._width * self._height]
        return flat.view(np.uint8).reshape(self._height, self._width, 4)

    def _render(self) -> NDArray[np.uint8]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            views = pool.map(self._render_one, range(len(self._cameras)))
            label = f"rendering {self._label} views of the embedded scene"
            bar = tqdm(views, label, len(self._cameras), leave=False, unit="view", disable=None)
            return np.stack(list(bar))

    def _render_one(self, i: int) -> NDArray[np.uint8]:
        def rays(x: NDArray, y: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            return self._cameras.generate_rays(np.full(len(x), i), x, y)

        return render_image(self._scene, rays, self._width, self._height)


def _check_arguments(
    split: str,
    n_train: int,
    n_test: int,
    resolution: int,
    extras: tuple[str, ...],
) -> None:
    if split not in ("train", "val", "test"):
        raise ConfigError(f"split must be train, val or test, got '{split}'")
    for name, value in (("n_train", n_train), ("n_test", n_test), ("resolution", resolution)):
        if value < 1:
            raise ConfigError(f"{name} must be 1 or more, got {value}")
    unknown = [name for name in extras if name not in _EXTRAS]
    if unknown:
        raise ConfigError(f"unknown extras {unknown}: choose from {', '.join(_EXTRAS)}")
