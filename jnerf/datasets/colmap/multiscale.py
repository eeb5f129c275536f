"""Photographs with a sparse model by COLMAP at several resolutions at once."""

from __future__ import annotations

from typing import Literal

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import AutoPlacement, Photographs
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.multiscale import MultiscaleImages
from jnerf.registry import DATASETS


@DATASETS.register()
class MultiscaleCOLMAPDataset(MultiscaleImages):
    """A scene of photographs with a sparse model, each at several sizes.

    Args:
        files: see ``COLMAPDataset``; images are shrunk by ``downscale`` before all else.
        place: see ``COLMAPDataset``.
        images: see ``COLMAPDataset``.
        sparse: see ``COLMAPDataset``.
        around: see ``COLMAPDataset``.
        scales: each view appears once for each of them, this many times smaller. First come all views at the first
            scale.
        weighted: see ``MultiscaleImages``.

    Raises:
        ConfigError: an argument is out of range, or pixels are masked out.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(
        scale=0.5, auto_orient=True, auto_centre=True, auto_scale=True, aabb_scale=None, near=None
    )
    def __init__(
        self,
        files: Photographs,
        place: AutoPlacement,
        images: str = "images",
        sparse: str | None = None,
        around: Literal["cameras", "points"] = "cameras",
        scales: tuple[int, ...] = (1, 2, 4, 8),
        weighted: bool = True,
    ) -> None:
        how = {"images": images, "sparse": sparse, "around": around}
        one = COLMAPDataset(**vars(files), **vars(place), **how)
        super().__init__(one, scales, files.image_memory, weighted)
