"""Exposures that learn: how much light each training photograph took, so that the field need not explain it.

As instant-ngp has them (Müller et al. 2022, https://arxiv.org/abs/2201.05989): powers of two of linear light for each
image and channel, their mean over the images taken out. There they scale the photograph; here they scale what was
rendered, as a camera does (RawNeRF, Mildenhall et al. 2022, https://arxiv.org/abs/2111.13679), so that a pixel that is
white because the sensor was full says no more than that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.ops.expose import expose
from jnerf.registry import EXPOSURES
from jnerf.structures import Batch, RenderOutput


@EXPOSURES.register()
class ExposureRefinement:
    """A number of stops for each training image and channel, 0 to begin with.

    The field's own colours are those of the mean exposure: were all images brighter and the field darker, nothing
    would change, so the mean over the images is always taken out. Pictures of other views are rendered at that
    exposure, which is neutral: 0 stops.

    Args:
        n_images: training images.
        channels: "each": one number for each channel, which white balances need; "alike": one for all three.
        begin: the training step from which on they count.

    Attributes:
        numbers: what is trained, float32 [N, 3] or [N, 1].

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self, n_images: int, channels: Literal["each", "alike"] = "each", begin: int = 0
    ) -> None:
        if channels not in ("each", "alike"):
            raise ConfigError(f"exposure.channels is {channels!r}; choose one of each, alike")
        at_least("", **{"exposure.begin": (begin, 0)})
        self._each, self.begin = channels == "each", begin
        self.numbers = jt.array(np.zeros((n_images, 3 if self._each else 1), np.float32))

    def stops(self) -> jt.Var:
        """Stops of each image and channel, float32 [N, 3]; their mean over the images is 0."""
        found = self.numbers - self.numbers.mean(0, keepdims=True)
        return found if self._each else found.broadcast((len(found), 3))

    def values(self) -> NDArray[np.float32]:
        """The same as an array; waits for the device."""
        with jt.no_grad():
            return self.stops().numpy()

    def taken(self, render: RenderOutput, batch: Batch, step: int) -> RenderOutput:
        """What the cameras of a batch would have made of what was rendered of its rays, earlier rounds too."""
        if step < self.begin:
            return render
        stops, images = self.stops(), batch.rays.image_indices

        def one(found: RenderOutput | None) -> RenderOutput | None:
            if found is None or found.colors is None:
                return found
            where = found.colors, found.opacities, found.background, batch.rgba, stops, images
            return replace(found, colors=expose(*where))

        return replace(one(render), history=tuple(map(one, render.history)))

    def stats(self) -> dict[str, float]:
        """The mean size of the stops and the largest, for the log."""
        sizes = np.abs(self.values())
        return {
            f"exposure_stops_{kind}": float(f"{value:.4g}")
            for kind, value in (("mean", sizes.mean()), ("max", sizes.max()))
        }
