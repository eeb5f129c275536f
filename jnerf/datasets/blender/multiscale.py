"""NeRF's Blender scenes at several resolutions at once: what mip-NeRF is trained and tested on.

Barron et al. 2021, https://arxiv.org/abs/2103.13415, section 4.1: every view at 1, 1/2, 1/4 and 1/8 of its size, box
filtered. There, losses are weighted by the area of the pixels, so that all scales count alike; here, images take turns
in every batch, so that all scales have as many rays, which comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Placement, SceneFiles
from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.pictures.decoding import shrink
from jnerf.datasets.pictures.pixel_store import pixel_block
from jnerf.datasets.posed import ImageSource, PosedImages
from jnerf.errors import ConfigError
from jnerf.registry import DATASETS


class Pyramid:
    """N images at K scales: image k N + i is image i of the source at scale k.

    Args:
        images: the full images.
        sizes: their widths and heights, int [N, 2]; multiples of every scale.
        scales: each output pixel is the average of a square of so many pixels a side.
        max_gib: the most memory for pixels, GiB; more lies in a file on disk. None is half of what is free.
    """

    kept = None  # no masks
    paths = None  # a file is several images

    def __init__(
        self,
        images: ImageSource,
        sizes: NDArray[np.integer],
        scales: Sequence[int],
        max_gib: float | None = None,
    ) -> None:
        self._images, self._n, self._scales = images, len(sizes), tuple(scales)
        self._max_gib = max_gib
        areas = np.concatenate([(sizes // scale).astype(np.int64).prod(axis=1) for scale in scales])
        self._edges = np.concatenate([[0], np.cumsum(areas)])

    @cached_property
    def pixels(self) -> NDArray[np.uint32]:
        """RGBA bytes of every pixel, row-major, image after image, uint32 [P]."""
        self._images.pixels  # noqa: B018 - decodes all images at once, in threads
        block = pixel_block(int(self._edges[-1]), self._max_gib)
        for i in range(len(self._edges) - 1):
            flat = np.ascontiguousarray(self.image(i)).reshape(-1, 4).view(np.uint32)
            block[self._edges[i] : self._edges[i + 1]] = flat[:, 0]
        return block

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Index of each image's first pixel, int64 [K N]."""
        return self._edges[:-1]

    def image(self, i: int) -> NDArray[np.uint8]:
        """Straight RGBA of one image at its scale, uint8 [H, W, 4]."""
        return shrink(self._images.image(i % self._n), self._scales[i // self._n])


@DATASETS.register()
class MultiscaleBlenderDataset(PosedImages):
    """A scene in NeRF's Blender format at several resolutions.

    Args:
        files: see ``BlenderDataset``; images are shrunk by ``downscale`` before all else.
        place: see ``Placement``.
        scales: each view appears once for each of them, this many times smaller. First come all views at the first
            scale.

    Raises:
        ConfigError: an argument is out of range, or the size of the images is no multiple of a scale.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments()
    def __init__(
        self, files: SceneFiles, place: Placement, scales: tuple[int, ...] = (1, 2, 4, 8)
    ) -> None:
        if not scales or min(scales) < 1 or len(set(scales)) < len(scales):
            raise ConfigError(
                f"scales must be different integers of at least 1, got {list(scales)}"
            )
        one = BlenderDataset(**vars(files), **vars(place))
        cameras = one.cameras
        for factor in scales:
            if (cameras.sizes % factor).any():
                width, height = cameras.sizes[
                    (cameras.sizes % factor).any(axis=1).argmax()
                ].tolist()
                raise ConfigError(
                    f"images of {width}x{height} pixels cannot be divided by the scale {factor}"
                )
        pyramid = Cameras(
            np.concatenate([cameras.c2w] * len(scales)),
            np.concatenate([cameras.intrinsics / factor for factor in scales]),
            np.concatenate([cameras.sizes // factor for factor in scales]),
            names=[f"{name}_{factor}" for factor in scales for name in cameras.names],
        )
        images = Pyramid(one.images, cameras.sizes, scales, files.image_memory)
        super().__init__(
            pyramid,
            images,
            one.transform,
            one.aabb,
            one.near,
            one.far,
            one.split,
            one.seed,
            about=one.about,
        )
