"""How far the field is from the picture that it learns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.image.dataset import ImageDataset
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.channels.error import FULL
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage


@CHANNELS.register()
class PictureErrorChannel(Channel):
    """Mean absolute error of the colours, against the true picture's pixel; 0.2 and above is the end of the map."""

    label = "error"

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        if not isinstance(stage.pipeline.dataset, ImageDataset):
            return f"{type(stage.pipeline.dataset).__name__} has no picture to compare with"
        return None

    def picture(self, shown: Shown) -> NDArray[np.float32]:
        """See ``Channel``; 0 beyond the picture."""
        truth, inside = self._truth(shown)
        error = np.abs(np.clip(shown.image.colors, 0, 1) - truth).mean(-1)
        return np.where(inside, error / FULL, 0).astype(np.float32)

    def note(self, shown: Shown) -> str:
        """How near the pixels that are shown come to the picture."""
        truth, inside = self._truth(shown)
        if not inside.any():
            return "beyond the picture"
        squares = np.square(np.clip(shown.image.colors, 0, 1) - truth)[inside].mean()
        return f"what is seen: {-10 * np.log10(max(squares, 1e-12)):.2f} dB"

    def _truth(self, shown: Shown) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """sRGB of the true picture, [h, w, 3], and where there is any, [h, w]."""
        dataset = shown.stage.pipeline.dataset
        unit = shown.stage.looked_at(shown.view, shown.stride)
        inside = shown.stage.within(unit)
        size = np.array(dataset.picture_size)
        x, y = np.clip(unit * size, 0, size - 1).astype(np.int64).reshape(-1, 2).T
        colors = np.clip(dataset.displayed(dataset.picture.at(x, y)), 0, 1)
        return colors.reshape(*unit.shape[:2], 3), inside
