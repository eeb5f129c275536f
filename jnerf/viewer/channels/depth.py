"""How far away things are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import depth_range, nearness
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage


@CHANNELS.register()
class DepthChannel(Channel):
    """Distances along the rays, near ones high on the colour map, between those of the middle 98 % of the picture."""

    label = "depth"
    fades = True

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        return "a picture has no depth" if stage.flat else None

    def picture(self, shown: Shown) -> NDArray[np.float32]:
        """See ``Channel``."""
        near, far = self._range(shown)
        even = shown.stage.space is not None
        return np.clip(nearness(shown.image.depths, near, far, even), 0, 1)

    def note(self, shown: Shown) -> str:
        """The ends of the map, in units of the user's world."""
        near, far = (d / shown.stage.transform.scale for d in self._range(shown))
        return "" if shown.stage.space is not None else f"{near:.3g} to {far:.3g} world units"

    def _range(self, shown: Shown) -> tuple[float, float]:
        return depth_range(shown.image.depths, shown.image.opacities)
