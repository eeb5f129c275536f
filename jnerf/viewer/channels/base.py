"""What every channel is: it turns what was rendered of a view into a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint


@dataclass(frozen=True)
class Shown:
    """What was rendered of a view, at every ``stride``-th pixel.

    Attributes:
        image: colours over black, opacities, depths, and normals where the renderer has some; [h, w].
        view: where it was taken from, with the size of the whole view.
        stride: pixels of the whole view from one to the next.
        stage: the scene.
        background: RGB in [0, 1].
        measured: gives what ``Channel.measure`` found, [h, w, C], by its name; None where there is none.
    """

    image: Image
    view: Viewpoint
    stride: int
    stage: Stage
    background: NDArray[np.float32]
    measured: Callable[[str], NDArray[np.float32] | None]

    def over(self, colors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Colours in [0, 1], [h, w, 3], that hold where something is opaque, over the background."""
        opacities = self.image.opacities[..., None]
        return colors * opacities + self.background * (1 - opacities)


class Channel(ABC):
    """Base of channels; the subclass is registered with ``@CHANNELS.register()``.

    Attributes:
        label: what people choose it by.
        fades: whether the background shows through where little is opaque; it then does for what the colour map gives.
    """

    label: str = ""
    fades: bool = False

    def lacking(self, stage: Stage) -> str | None:
        """Why there is nothing to show of this scene and method; None where there is."""
        return None

    def measure(
        self, stage: Stage, pipeline: Pipeline, rays: RayBundle
    ) -> Mapping[str, NDArray[np.float32]]:
        """Further numbers of rays, beside what is rendered in any case; without gradients or random numbers.

        Args:
            stage: the scene.
            pipeline: the method, perhaps cropped.
            rays: R of them.

        Returns:
            Arrays [R] or [R, C] by name, which ``Shown.measured`` gives back; none by default.
        """
        return {}

    @abstractmethod
    def picture(self, shown: Shown) -> NDArray[np.uint8] | NDArray[np.floating]:
        """What to show.

        Returns:
            RGB of 8 bit, [h, w, 3]; or one number a pixel in [0, 1], float [h, w], for the colour map.
        """

    def note(self, shown: Shown) -> str:
        """A line to read below the choice of channels."""
        return ""
