"""NeRF's Blender scenes at several resolutions at once: what mip-NeRF is trained and tested on.

There (Barron et al. 2021, https://arxiv.org/abs/2103.13415, section 4.1), losses are weighted by the area of the
pixels, so that all scales count alike; here all scales have as many rays, which comes to the same.
"""

from __future__ import annotations

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Placement, SceneFiles
from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.multiscale import MultiscaleImages, check_scales
from jnerf.errors import ConfigError
from jnerf.registry import DATASETS


@DATASETS.register()
class MultiscaleBlenderDataset(MultiscaleImages):
    """A scene in NeRF's Blender format at several resolutions.

    Args:
        files: see ``BlenderDataset``; images are shrunk by ``downscale`` before all else.
        place: see ``Placement``.
        scales: each view appears once for each of them, this many times smaller. First come all views at the first
            scale.
        weighted: see ``MultiscaleImages``.

    Raises:
        ConfigError: an argument is out of range, or the size of the images is no multiple of a scale.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments()
    def __init__(
        self,
        files: SceneFiles,
        place: Placement,
        scales: tuple[int, ...] = (1, 2, 4, 8),
        weighted: bool = False,
    ) -> None:
        one = BlenderDataset(**vars(files), **vars(place))
        for factor in check_scales(scales):
            left = (one.cameras.sizes % factor).any(axis=1)
            if left.any():
                width, height = one.cameras.sizes[left.argmax()].tolist()
                raise ConfigError(
                    f"images of {width}x{height} pixels cannot be divided by the scale {factor}"
                )
        super().__init__(one, scales, files.image_memory, weighted)
