"""How far the picture is from a photograph that was taken from the same place."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.errors import JnerfError
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage

#: What saturates the map, as the mean error of the three colours.
FULL = 0.2
_KEPT = 4  # photographs
_UNREADABLE = JnerfError, OSError, ValueError


@CHANNELS.register()
class ErrorChannel(Channel):
    """Mean absolute error of the colours at a training or test camera; 0.2 and above is the end of the map.

    The camera may turn and zoom, as long as it stays in its place: the photograph is looked up along the rays.
    """

    label = "error"

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        return None if stage.splits else "the scene has no photographs here"

    def __init__(self) -> None:
        self._photographs: OrderedDict[tuple[str, int], NDArray[np.uint8]] = OrderedDict()

    def picture(self, shown: Shown) -> NDArray[np.float32]:
        """See ``Channel``; 0 where the photograph shows nothing, or cannot be read."""
        found = shown.stage.view_at(shown.view.c2w[:, 3])
        nothing = np.zeros(shown.image.opacities.shape, np.float32)
        if found is None:
            return nothing
        try:
            truth, seen = self._truth(shown, *found)
        except _UNREADABLE:
            return nothing
        guess = shown.image.colors + shown.background * (1 - shown.image.opacities[..., None])
        error = np.abs(np.clip(guess, 0, 1) - truth).mean(-1)
        return np.where(seen, error / FULL, 0).astype(np.float32)

    def note(self, shown: Shown) -> str:
        """Which photograph, and how near the picture comes to it."""
        found = shown.stage.view_at(shown.view.c2w[:, 3])
        if found is None:
            return "no photograph was taken from here: click a camera"
        try:
            truth, seen = self._truth(shown, *found)
        except _UNREADABLE as error:
            return f"{found[0]} image {found[1]} cannot be read: {error}"
        guess = shown.image.colors + shown.background * (1 - shown.image.opacities[..., None])
        if not seen.any():
            return f"{found[0]} image {found[1]} shows nothing of this"
        squares = np.square(np.clip(guess, 0, 1) - truth)[seen].mean()
        return f"{found[0]} image {found[1]}: {-10 * np.log10(max(squares, 1e-12)):.2f} dB"

    def _truth(
        self, shown: Shown, split: str, i: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Colours of the photograph along the rays, over the background, [h, w, 3], and where it has any, [h, w]."""
        image = self._photograph(shown, split, i)
        directions = shown.view.directions(shown.stride)
        points = (shown.view.c2w[:, 3] + directions).reshape(-1, 3)
        # Points of the page's frame, in which the poses are, whatever the field's space.
        found = Cameras.project(shown.stage.splits[split].cameras, points, i)
        x, y = np.nan_to_num(found.xy).T
        x = np.clip(x, 0, image.shape[1] - 1).astype(int)
        y = np.clip(y, 0, image.shape[0] - 1).astype(int)
        rgba = image[y, x].reshape(*directions.shape[:2], 4) / np.float32(255)
        alpha = rgba[..., 3:]
        return rgba[..., :3] * alpha + shown.background * (1 - alpha), found.visible.reshape(
            directions.shape[:2]
        )

    def _photograph(self, shown: Shown, split: str, i: int) -> NDArray[np.uint8]:
        key = split, i
        if key not in self._photographs:
            self._photographs[key] = shown.stage.splits[split].view(i).rgba()
        self._photographs.move_to_end(key)
        while len(self._photographs) > _KEPT:
            self._photographs.popitem(last=False)
        return self._photographs[key]
