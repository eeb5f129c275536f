"""How much of a ray is stopped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.stages.stage import Stage


@CHANNELS.register()
class OpacityChannel(Channel):
    """Sums of the weights, from 0 where a ray meets nothing to 1."""

    label = "opacity"

    def lacking(self, stage: Stage) -> str | None:
        """See ``Channel``."""
        return "a picture is opaque everywhere" if stage.flat else None

    def picture(self, shown: Shown) -> NDArray[np.float32]:
        """See ``Channel``."""
        return shown.image.opacities
