"""Photographs with a ``transforms.json`` at several resolutions at once."""

from __future__ import annotations

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import AutoPlacement, Photographs
from jnerf.datasets.multiscale import MultiscaleImages
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.registry import DATASETS


@DATASETS.register()
class MultiscaleTransformsDataset(MultiscaleImages):
    """A scene of photographs with poses in ``transforms.json``, each at several sizes.

    Args:
        files: see ``TransformsDataset``; images are shrunk by ``downscale`` before all else.
        place: see ``TransformsDataset``.
        distortion: see ``TransformsDataset``.
        scales: each view appears once for each of them, this many times smaller. First come all views at the first
            scale.
        weighted: see ``MultiscaleImages``.

    Raises:
        ConfigError: an argument is out of range, or pixels are masked out.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(scale=None, offset=None, aabb_scale=None)
    def __init__(
        self,
        files: Photographs,
        place: AutoPlacement,
        distortion: bool = True,
        scales: tuple[int, ...] = (1, 2, 4, 8),
        weighted: bool = True,
    ) -> None:
        one = TransformsDataset(**vars(files), **vars(place), distortion=distortion)
        super().__init__(one, scales, files.image_memory, weighted)
