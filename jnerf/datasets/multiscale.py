"""Posed images at several resolutions at once, of any format: for methods that know how wide a pixel is.

Barron et al. 2021, https://arxiv.org/abs/2103.13415, section 4.1: every view at 1, 1/2, 1/4 and 1/8 of its size, box
filtered. Images take turns in every batch, so that all scales have as many rays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import Pinhole
from jnerf.datasets.cameras.lenses.repeated import RepeatedLens
from jnerf.datasets.pictures.pyramid import Pyramid
from jnerf.datasets.posed import PosedImages
from jnerf.errors import ConfigError
from jnerf.judging.judgement import Judgement, Subject


class MultiscaleImages(PosedImages):
    """A scene's images at K scales. Formats subclass it and hand over the scene at its full size.

    First come all views at the first scale. Sizes that are no multiple of all scales lose their last columns and rows.

    Args:
        one: the scene, without masks.
        scales: each view appears once for each of them, this many times smaller.
        max_gib: the most memory for pixels, GiB; more lies in a file on disk. None is half of what is free.
        weighted: in losses of colours a ray counts as much as its scale says, instead of 1: a pixel of a small image
            stands for more (Zip-NeRF, Barron et al. 2023).

    Raises:
        ConfigError: ``scales`` is wrong, images are too small for it, or pixels are masked out.
    """

    def __init__(
        self,
        one: PosedImages,
        scales: Sequence[int],
        max_gib: float | None = None,
        weighted: bool = False,
    ) -> None:
        cameras, scales = one.cameras, check_scales(scales)
        if one.images.kept is not None or any(cameras.circles):
            raise ConfigError(
                f"{type(self).__name__}: pixels of this scene are masked out, which has no meaning in a smaller image: "
                "set dataset.masks=False, or take the scene at one scale"
            )
        of_all = int(np.lcm.reduce(scales))
        sizes = cameras.sizes // of_all * of_all
        if sizes.min() < of_all:
            width, height = cameras.sizes[sizes.min(axis=1).argmin()].tolist()
            raise ConfigError(
                f"{type(self).__name__}: an image of {width}x{height} pixels is too small for the scales "
                f"{list(scales)}: all of them together divide {of_all}"
            )
        pyramid = Cameras(
            np.concatenate([cameras.c2w] * len(scales)),
            np.concatenate([cameras.intrinsics / factor for factor in scales]),
            np.concatenate([sizes // factor for factor in scales]),
            cameras.lens
            if type(cameras.lens) is Pinhole
            else RepeatedLens(cameras.lens, len(cameras)),
            names=[f"{name}_{factor}" for factor in scales for name in cameras.names],
        )
        images = Pyramid(one.images, sizes, scales, max_gib)
        where = one.transform, one.aabb, one.near, one.far
        super().__init__(pyramid, images, *where, one.split, one.seed, about=one.about)
        self.scales = scales
        if weighted:
            self.image_weights = np.repeat(np.float32(scales), len(cameras))

    def judge(
        self, subject: Subject, n_images: int | None = None, folder: Path | None = None
    ) -> Judgement:
        """See ``Dataset``; beside the mean over all views, that of each scale as "psnr_2x" and so on."""
        found = super().judge(subject, n_images, folder)
        by_scale = {}
        for factor in self.scales:
            rows = [row for row in found.rows if row["name"].endswith(f"_{factor}")]
            for metric in ("psnr", "psnr_white", "ssim"):
                if rows:
                    by_scale[f"{metric}_{factor}x"] = float(np.mean([row[metric] for row in rows]))
        return replace(found, mean={**found.mean, **by_scale})


def check_scales(scales: Sequence[int]) -> tuple[int, ...]:
    """The scales, if they are some.

    Raises:
        ConfigError: they are none, one is below 1, or one is there twice.
    """
    if not scales or min(scales) < 1 or len(set(scales)) < len(scales):
        raise ConfigError(f"scales must be different integers of at least 1, got {list(scales)}")
    return tuple(scales)
