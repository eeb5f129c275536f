"""A picture as a dataset: points of it, and what colour it has there (Müller et al. 2022,
https://arxiv.org/abs/2201.05989, section 5.1)."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.image.picture import ColorSpace
from jnerf.datasets.image.reading import Reading, read_picture
from jnerf.datasets.pictures.image_folder import Split
from jnerf.errors import ConfigError
from jnerf.imaging.pictures import to_uint8
from jnerf.judging.judgement import Judgement, Subject
from jnerf.judging.picture import judge_picture
from jnerf.ops.common import uniform
from jnerf.ops.common.constants import filled
from jnerf.registry import DATASETS
from jnerf.structures import Batch, RayBundle

# Numbers of draws that no other random number of a step has.
_DRAW_U, _DRAW_V = 0xDA7A0010, 0xDA7A0011
_NOTED = 256  # pixels a side of the picture by which a run knows its scene again


@DATASETS.register()
class ImageDataset(Dataset):
    """Points of one picture, in [0, 1]^2: u to the right, v downwards, both over the whole picture.

    Each batch is spread evenly: of a lattice as fine as the number of points allows, every cell has one point, anywhere
    in it; what is left over lies anywhere. All splits are the same picture, for what is judged is how well it is kept.

    Files are read by OpenCV, else by imageio: 8 or 16 bits (sRGB), OpenEXR, Radiance HDR and PFM (linear light), grey
    or colour, with alpha or without. ``.npy``, binary Netpbm and instant-ngp's ``.bin`` stay in their file and large
    TIFF is read by tiles, so that pictures of any size take bounded memory. Pixels are taken as they are stored,
    whatever an orientation tag says.

    Args:
        root: the file; relative paths as those of scenes ($JNERF_DATA, else ./data, else ../shared/data).
        split: train, val or test.
        seed: the run's seed; with the step it decides which points are drawn.
        color_space: of the colours that are learnt: "srgb", or "linear" light, whose brightness may go beyond 1.
        targets: "pixel": points are moved to the centre of their pixel and have its colour; "bilinear": they stay, and
            have the colour interpolated between the centres of pixels.
        background: sRGB, what is seen where the picture is transparent.
        upright: turn the picture as its orientation tag says.
        image_memory: the most memory for pixels read by tiles, GiB; more is kept in a file on disk. None is half of
            what is free.

    Raises:
        ConfigError: an argument is out of its range.
        DataError: the file is missing, damaged, empty, or of no kind that is read.
    """

    n_dims = 2

    def __init__(
        self,
        root: str,
        split: Split = "train",
        seed: int = 0,
        color_space: ColorSpace = "srgb",
        targets: str = "pixel",
        background: tuple[float, float, float] = (0.0, 0.0, 0.0),
        upright: bool = False,
        image_memory: float | None = None,
    ) -> None:
        super().__init__(aabb=[0, 0, 1, 1])
        for name, value, allowed in (
            ("color_space", color_space, ("srgb", "linear")),
            ("targets", targets, ("pixel", "bilinear")),
            ("split", split, ("train", "val", "test")),
        ):
            if value not in allowed:
                raise ConfigError(
                    f"ImageDataset: {name} is {value!r}; it must be {' or '.join(allowed)}"
                )
        if len(background) != 3 or not all(0 <= channel <= 1 for channel in background):
            raise ConfigError(
                f"ImageDataset: background is {background}; it must be three numbers from 0 to 1"
            )
        how = Reading(color_space, tuple(map(float, background)), upright, image_memory)
        self.picture = read_picture(root, how)
        self.picture_size = self.picture.width, self.picture.height
        self._name, self._seed = Path(root).stem, seed
        self._how, self._targets = how, targets
        self._judged, self._every = self.picture, 1

    def sample(self, n_rays: int, step: int) -> Batch:
        """See ``Dataset``; ``rgba`` is opaque."""
        u, v = self._spread(n_rays, step)
        picture = self.picture
        if self._targets == "bilinear":
            colors = picture.between(u, v)
        else:
            x, y = (u * picture.width).astype(np.int64), (v * picture.height).astype(np.int64)
            u, v = (x + 0.5) / picture.width, (y + 0.5) / picture.height
            colors = picture.at(x, y)
        rgba = np.ones((n_rays, 4), np.float32)
        rgba[:, :3] = colors
        return Batch(_points(u, v), jt.array(rgba).stop_grad())

    def _spread(self, n: int, step: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points of a batch, in [0, 1), float64 [n] each."""
        rows = np.arange(n)
        u, v = (
            uniform(self._seed, step, rows, draw).astype(np.float64) for draw in (_DRAW_U, _DRAW_V)
        )
        side = math.isqrt(n)
        row, column = np.divmod(rows[: side**2], side)
        u[: side**2] = (column + u[: side**2]) / side
        v[: side**2] = (row + v[: side**2]) / side
        return u, v

    def summary(self) -> dict[str, Any]:
        """See ``Dataset``."""
        kind = "grey" if self.picture.grey else "colour"
        return {"resolution": "{}x{}".format(*self.picture_size), "picture": kind}

    def thinned(self, n: int) -> ImageDataset:
        """See ``Dataset``: every n-th pixel of every n-th row, from the middle of the first n on.

        Raises:
            ConfigError: the picture has no such pixel.
        """
        if n // 2 >= min(self.picture_size):
            raise ConfigError(
                f"evaluation.downscale is {n}; the picture has {'x'.join(map(str, self.picture_size))} pixels"
            )
        found = copy.copy(self)
        found._judged, found._every = self.picture.thinned(n), n
        return found

    def first_picture(self) -> NDArray[np.uint8]:
        """See ``Dataset``; of a large picture every n-th pixel."""
        width, height = self.picture_size
        n = -(-max(width, height) // _NOTED)
        top, left = (n // 2 if n // 2 < size else size // 2 for size in (height, width))
        y, x = np.mgrid[top:height:n, left:width:n]  # of a long strip, at least one
        seen = to_uint8(self.displayed(self.picture.at(x.ravel(), y.ravel())))
        return np.dstack([seen.reshape(*x.shape, 3), np.full(x.shape, 255, np.uint8)])

    def displayed(self, colors: NDArray[np.float32]) -> NDArray[np.float32]:
        """See ``Dataset``."""
        return self.picture.in_srgb(colors)

    def judge(
        self, subject: Subject, n_images: int | None = None, folder: Path | None = None
    ) -> Judgement:
        """PSNR over all pixels; with a folder also SSIM, JPEG at the same bytes, and pictures; ``judge_picture``."""
        found = judge_picture(self._judged, subject, self._points_of, self._name, folder)
        found.protocol.update(color_space=self._how.color_space, targets=self._targets)
        if self.picture.transparent:
            found.protocol["picture_background"] = list(self._how.background)
        return found

    def check_judging(self, n_images: int | None = None) -> None:
        """There are always pixels."""

    def _points_of(self, first: int, end: int) -> RayBundle:
        """The centres of the pixels that are judged, counted row after row."""
        width, height = self.picture_size
        numbers = np.arange(first, end)
        y, x = (
            part * self._every + self._every // 2 for part in np.divmod(numbers, self._judged.width)
        )
        return _points((x + 0.5) / width, (y + 0.5) / height)


def _points(u: NDArray[np.floating], v: NDArray[np.floating]) -> RayBundle:
    origins = np.stack([u, v], axis=1).astype(np.float32)
    return RayBundle(jt.array(origins).stop_grad(), filled(origins.shape, 0.0))
