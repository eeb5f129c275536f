"""Colours, as a photograph would have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import to_uint8
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.registries import CHANNELS


@CHANNELS.register()
class ColorChannel(Channel):
    """What the field looks like, over the background."""

    label = "colour"

    def picture(self, shown: Shown) -> NDArray[np.uint8]:
        """See ``Channel``."""
        image = shown.image
        return to_uint8(image.colors + shown.background * (1 - image.opacities[..., None]))
