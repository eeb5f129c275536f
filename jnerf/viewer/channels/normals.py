"""Which way surfaces face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import normal_picture
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage


@CHANNELS.register()
class NormalsChannel(Channel):
    """Normals of the renderer where it has some (surfaces do), else of the depth picture; x y z as red green blue."""

    label = "normals"

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        return "a picture has no surfaces" if stage.flat else None

    def picture(self, shown: Shown) -> NDArray[np.uint8]:
        """See ``Channel``."""
        normals = shown.image.normals
        if normals is None:
            normals = normals_of_depths(shown) * shown.image.opacities[..., None]
        return normal_picture(normals)

    def note(self, shown: Shown) -> str:
        """Where they are from."""
        return "of the surface" if shown.image.normals is not None else "of the depths"


def normals_of_depths(shown: Shown) -> NDArray[np.float64]:
    """Unit normals, towards the camera, of the surface that the depths make, [h, w, 3]."""
    height, width = shown.image.depths.shape
    if height < 2 or width < 2:
        return np.zeros((height, width, 3))
    points = shown.stage.points(shown.view, shown.image.depths, shown.stride)
    down, right = np.gradient(points, axis=(0, 1))
    normals = np.cross(down, right)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    towards = (normals * shown.view.directions(shown.stride)).sum(-1, keepdims=True)
    return np.where(towards > 0, -normals, normals)
