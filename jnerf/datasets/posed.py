"""Scenes of posed images, whose pixels become training rays and test views."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.arguments import Crop, Learned
from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.pictures.disturbance import Disturbance, DisturbedImages
from jnerf.errors import ConfigError
from jnerf.ops.common import device, uniform
from jnerf.ops.draw_pixels import draw_pixels, reference
from jnerf.ops.pixel_rays import pixel_rays
from jnerf.registry import CAMERAS, EXPOSURES
from jnerf.structures import Batch, RayBundle, RenderOutput

if TYPE_CHECKING:
    from jnerf.datasets.cameras.cameras import Cameras
    from jnerf.datasets.pictures.depth_maps import DepthSource
    from jnerf.datasets.pictures.source import ImageSource
    from jnerf.datasets.placement.similarity import Similarity

# Draw numbers of this family: far from the small ones that samplers and renderers take for the same rays,
# so that a pixel and, say, its background never share a random number.
_DRAW_X, _DRAW_Y, _DRAW_SHIFT = 0xDA7A0000, 0xDA7A0001, 0xDA7A0002

# Of all images, for colours to be looked up where rays are made: on the CPU what Jittor can number, on CUDA 4 GiB.
_MOST_PIXELS = (2**31 - 1, 2**30)

_NO_CROP, _NOTHING_LEARNED = Crop(), Learned()


class PosedImages(Dataset):
    """Posed images in field units. Formats subclass it and hand over their parts.

    Args:
        cameras: the N cameras, in field units.
        images: the N images' pixels; looked at only when first needed.
        transform: world to field.
        aabb: the field's box, (min xyz, max xyz), field units, [6].
        near: distance from the camera where the scene may begin, field units.
        far: distance where it must have ended, field units.
        split: which part this is; ``train`` rays carry their image's number.
        seed: the run's seed; with the step it decides which pixels are drawn.
        crop: in the first steps, pixels may come from the middle of the images alone.
        about: what ``summary`` adds: ``source``, the file or folder that was read, ``n_masks``, and ``dropped``.
        learned: what is learned of each image, and how images are disturbed.
        depth: knows distances at pixels, which then are truths of every batch; None: nothing does.

    Attributes:
        image_weights: what rays of each image count in losses of colours, float32 [N]; None: 1.

    Raises:
        ConfigError: ``learned`` is wrong, or its cameras are in NDC, where motions are not rigid.
    """

    image_weights: NDArray[np.float32] | None = None
    _moved_away = False

    def __init__(
        self,
        cameras: Cameras,
        images: ImageSource,
        transform: Similarity,
        aabb: Sequence[float],
        near: float,
        far: float,
        split: str,
        seed: int,
        crop: Crop = _NO_CROP,
        about: Mapping[str, Any] | None = None,
        learned: Learned = _NOTHING_LEARNED,
        depth: DepthSource | None = None,
    ) -> None:
        self._crop, self._depth = crop, depth
        if depth is not None:
            self.provides = self.provides | depth.provides
        super().__init__(aabb, near, far)
        self._given = self._start = cameras
        self.n_images = len(cameras)
        self.images = images
        self.transform = transform
        self.split = split
        self.seed = seed
        self.about = {**(about or {}), **({} if depth is None else depth.about)}
        if learned.disturb is not None and split == "train":
            self.disturbance = Disturbance(**learned.disturb)
            self.images = DisturbedImages(images, cameras.sizes, self.disturbance, seed)
        if learned.cameras is not None:
            self._learn(learned.cameras)
        if learned.exposure is not None:
            facts = {"n_images": self.n_images}
            self.exposure = EXPOSURES.build(learned.exposure, path="dataset.exposure", **facts)

    def _learn(self, block: Mapping[str, Any]) -> None:
        """Makes the cameras learn."""
        if isinstance(self._given, NDCCameras):
            raise ConfigError(
                "cameras cannot learn in NDC, where no motion is rigid: set dataset.space='bounded', or cameras=None"
            )
        low, high = np.split(self.aabb, 2)
        facts = {"c2w": self._given.c2w, "middle": (low + high) / 2, "seed": self.seed}
        self.learned = CAMERAS.build(block, path="dataset.cameras", **facts)
        self._start = replace(self._given, c2w=self.learned.start)

    @property
    def cameras(self) -> Cameras:
        """The cameras, field units; where they learn, as they are now, for which the device is waited for."""
        return self._start if self.learned is None else self.learned.applied(self._start)

    @cameras.setter
    def cameras(self, cameras: Cameras) -> None:
        self._given = self._start = cameras

    @property
    def starting_cameras(self) -> Cameras:
        """See ``Dataset``."""
        return self._start

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """See ``Dataset``."""
        found = {} if self.learned is None else {"cameras": [self.learned.twists]}
        return found if self.exposure is None else found | {"exposure": [self.exposure.numbers]}

    def taken(self, render: RenderOutput, batch: Batch, step: int) -> RenderOutput:
        """See ``Dataset``."""
        return render if self.exposure is None else self.exposure.taken(render, batch, step)

    def penalty(self, step: int) -> jt.Var | None:
        """See ``Dataset``."""
        return None if self.learned is None else self.learned.penalty(step)

    @property
    def stats(self) -> dict[str, float]:
        """See ``Dataset``; how far learned cameras are from the given ones, how large learned exposures are."""
        found = {} if self.learned is None else self.learned.stats()
        return found if self.exposure is None else found | self.exposure.stats()

    @property
    def protocol(self) -> dict[str, str]:
        """See ``Dataset``."""
        found = {}
        if self.exposure is not None:
            found["exposure"] = "learned for each training image; pictures at their mean, 0 stops"
        if self.disturbance is not None:
            found["photographs_disturbed"] = self.disturbance.words
        return found

    def following(self, training: Dataset) -> Dataset:
        """See ``Dataset``."""
        learned = training.learned
        transform = None if learned is None or training is self else learned.alignment()
        if transform is None:
            return self
        return self.with_poses(transform.poses(self._start.c2w))

    def with_poses(self, c2w: NDArray[np.floating]) -> PosedImages:
        """The same images with other poses, float [N, 3, 4], that do not learn."""
        found = copy.copy(self)
        found.learned, found._start = None, replace(self._start, c2w=c2w)
        found._moved_away = True
        return found

    def summary(self) -> dict[str, Any]:
        """See ``Dataset``. Cameras count once for all images that share one, pixels as far as masks keep them.

        Reasons in ``dropped`` speak of images but for "masked pixels". Masks are read, where there are some.
        """
        sizes = self._start.sizes
        cameras = zip(self._start.intrinsics.tolist(), sizes.tolist(), strict=True)
        kinds = {(self._start.lens.key(i), *f, *size) for i, (f, size) in enumerate(cameras)}
        pixels = int(sizes.astype(np.int64).prod(axis=1).sum())
        kept = pixels if self.images.kept is None else int(self.images.kept.counts.sum())
        dropped = {**self.about.get("dropped", {}), "masked pixels": pixels - kept}
        found = {**super().summary(), "n_cameras": len(kinds), "n_pixels": kept, **self.about}
        found["dropped"] = {reason: count for reason, count in dropped.items() if count}
        return {key: value for key, value in found.items() if value not in (None, 0, {})}

    def facts(self) -> dict[str, Any]:
        """See ``Dataset``; and ``silhouettes``, which gives what the method of that name does."""
        return {**super().facts(), "silhouettes": self.silhouettes}

    def silhouettes(self) -> Iterator[NDArray[np.bool_]] | None:
        """Where each image is not transparent, bool [H, W], one after the other; None if all are opaque.

        None too where pixels are masked out, or cameras learn: what they would show is not known.
        """
        if self.images.kept is not None or self._opaque or self.learned is not None:
            return None
        return (self.images.image(i)[..., 3] > 0 for i in range(self.n_images))

    @cached_property
    def _opaque(self) -> bool:
        return bool((self.images.pixels.view(np.uint8)[3::4] == 255).all())

    def sample(self, n_rays: int, step: int) -> Batch:
        """Random training rays with the truth at their pixels; depends on (seed, step, n_rays) alone.

        Images take turns (ray i belongs to image i plus a random shift of the step), so that every batch
        sees all of them alike; the pixel is uniform within its image, or within what the image's mask keeps.

        Args:
            n_rays: R.
            step: the training step.

        Returns:
            A batch of R rays.
        """
        if n_rays and self._on_device is not None:
            shift, windows = self._shift(step), self._windows_at(step)
            where = *self._on_device, shift, self.seed, step, (_DRAW_X, _DRAW_Y)
            found = pixel_rays(n_rays, windows, *where)
            bundle = self._start.bundle_of(found.rays_o, found.rays_d, found.images)
            return Batch(self._moved(bundle, step), found.rgba, self._counting(found.images))
        images, x, y = self.draw_pixels(n_rays, step)
        known: Mapping[str, NDArray[np.float32]] = {}
        if self._depth is not None:
            x, y, known = self._depth.drawn(images, x, y, self.seed, step)
        bundle = self._start.bundle(images, x, y, jt.array(images).stop_grad())
        # Offsets are int64 and come first: three thousand big photographs pass 2^31 pixels.
        where = self.images.offsets[images] + y * self._start.sizes[images, 0] + x
        colors = self.images.pixels.take(where).view(np.uint8).reshape(-1, 4)
        rgba = np.divide(colors, np.float32(255), dtype=np.float32)
        depth = {name: jt.array(values).stop_grad() for name, values in known.items()}
        extras = {**depth, **self.extras(images, x, y), **self._counting(jt.array(images))}
        return Batch(self._moved(bundle, step), jt.array(rgba).stop_grad(), extras)

    def _counting(self, images: jt.Var) -> dict[str, jt.Var]:
        """What rays of these images count in losses of colours, float32 [R, 1]; nothing where all count 1."""
        if self.image_weights is None:
            return {}
        return {"weights": self._image_weights[images].stop_grad()}

    @cached_property
    def _image_weights(self) -> jt.Var:
        return jt.array(self.image_weights.reshape(-1, 1)).stop_grad()

    def _moved(self, bundle: RayBundle, step: int) -> RayBundle:
        """Rays of the cameras now; the cones of their pixels stay as wide."""
        if self.learned is None or step < self.learned.begin:
            return bundle
        rays = self.learned.move(bundle.rays_o, bundle.rays_d, bundle.image_indices)
        return replace(bundle, rays_o=rays[0], rays_d=rays[1], trained=True)

    def draw_pixels(
        self, n_rays: int, step: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """The image, column and row of each training ray of a step, int32 [R] each."""
        shift = self._shift(step)
        kept = self.images.kept
        if kept is not None:
            rays = np.arange(n_rays, dtype=np.uint32)
            images = ((rays + np.uint32(shift)) % np.uint32(self.n_images)).astype(np.int32)
            # Two draws of 24 bits for one number: an image may have more pixels than one draw has values.
            u = uniform(self.seed, step, rays, _DRAW_X).astype(np.float64)
            u += uniform(self.seed, step, rays, _DRAW_Y) * 2.0**-24
            y, x = np.divmod(kept.pick(images, u), self._start.sizes[images, 0])
            return images, x.astype(np.int32), y.astype(np.int32)
        windows, where = self._windows_at(step), (shift, self.seed, step, (_DRAW_X, _DRAW_Y))
        if device.on_cuda():  # its numbers would have to be waited for; NumPy draws the same
            return reference.draw_pixels(n_rays, windows.numpy(), *where)
        return tuple(v.numpy() for v in draw_pixels(n_rays, windows, *where))

    def _shift(self, step: int) -> int:
        """Ray i of a step belongs to image i plus this."""
        return int(float(uniform(self.seed, step, 0, _DRAW_SHIFT)) * self.n_images)

    def _windows_at(self, step: int) -> jt.Var:
        """Where the pixels of a step come from: first column and row, width and height of each image, int32 [N, 4]."""
        return self._middles if step < self._crop.crop_steps else self._wholes

    @cached_property
    def _wholes(self) -> jt.Var:
        return jt.array(_windows(self._start.sizes, 1.0)).stop_grad()

    @cached_property
    def _middles(self) -> jt.Var:
        return jt.array(_windows(self._start.sizes, self._crop.crop_fraction)).stop_grad()

    @cached_property
    def _on_device(self) -> tuple[jt.Var, ...] | None:
        """Poses, intrinsics, places and pixels of all images, as ``pixel_rays`` takes them; None if it cannot."""
        kept, cameras = self.images.kept, self._start.on_device()
        further = self.provides and type(self).extras is not PosedImages.extras
        further = further or self._depth is not None
        if kept is not None or cameras is None or further:
            return None
        pixels = self.images.pixels.view(np.int32)
        if pixels.size > _MOST_PIXELS[device.on_cuda()]:
            return None
        with jt.flag_scope(reuse_array=1):  # on the CPU in the same memory
            on_device = jt.array(pixels).stop_grad()
        high, low = np.divmod(self.images.offsets, 2**30)
        places = np.stack([low, high, self._start.sizes[:, 0]], axis=1).astype(np.int32)
        return *cameras, jt.array(places).stop_grad(), on_device

    def extras(
        self,
        images: NDArray[np.int32],
        x: NDArray[np.int32],
        y: NDArray[np.int32],
    ) -> dict[str, jt.Var]:
        """Further truths (depth, mask ...) at pixels of images, each [R, C]; none unless a format has some."""
        return {}

    def depth_of(self, i: int) -> NDArray[np.float32] | None:
        """See ``Dataset``; None too where cameras have learned and taken the scene along."""
        if self._depth is None or self._moved_away:
            return None
        return self._depth.picture(i)

    def first_picture(self) -> NDArray[np.uint8]:
        """See ``Dataset``."""
        return self.view(0).rgba()

    def view(self, i: int) -> View:
        """Image ``i`` of this split, whole."""
        if not 0 <= i < self.n_images:
            raise IndexError(f"view {i} of split '{self.split}', which has {self.n_images} images")
        width, height = self._start.sizes[i].tolist()
        return View(self, i, self._start.names[i], width, height)


def _windows(sizes: NDArray[np.int32], fraction: float) -> NDArray[np.int32]:
    """The middles of images, of this fraction of width and height and at least a pixel: int32 [N, 4]."""
    part = np.maximum(sizes * fraction, 1).astype(np.int32)
    return np.concatenate([(sizes - part) // 2, part], axis=1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class View:
    """One image with its camera.

    Attributes:
        dataset: where it comes from.
        index: its number in the dataset, also that of its camera.
        name: short name, unique in the split, usable as a file name.
        width: in pixels.
        height: in pixels.
    """

    dataset: PosedImages
    index: int
    name: str
    width: int
    height: int

    def rays(self, y0: int = 0, y1: int | None = None) -> RayBundle:
        """Rays of the pixel rows ``y0 .. y1 - 1``, row-major, (y1 - y0) * width of them.

        Args:
            y0: first row.
            y1: one past the last row; None for all.
        """
        y1 = self.height if y1 is None else y1
        first, end, known = y0 * self.width, y1 * self.width, None
        if self.dataset.split == "train":
            known = jt.array(np.full(end - first, self.index, np.int32))
        return self.dataset.cameras.pixels(self.index, first, end, self.width, known)

    def rgba(self) -> NDArray[np.uint8]:
        """The true image, straight RGBA, uint8 [H, W, 4]."""
        return self.dataset.images.image(self.index)

    def shown(self) -> NDArray[np.bool_] | None:
        """The pixels that show something of the scene, bool [H, W]; None for all; see ``Cameras.shown``."""
        return self.dataset.starting_cameras.shown(self.index)
