"""The part of an image that a lens lights: outside, the file has pixels, but they show nothing of the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ImageCircle:
    """A disc about the principal point.

    Attributes:
        x: its middle, pixels from the image's left edge.
        y: from its upper edge.
        radius: pixels.
    """

    x: float
    y: float
    radius: float

    def keep(self, width: int, height: int) -> NDArray[np.bool_]:
        """The pixels whose centres lie inside, bool [height, width].

        >>> ImageCircle(2, 1, 1).keep(4, 2).tolist()
        [[False, True, True, False], [False, True, True, False]]
        """
        x, y = np.arange(width) + 0.5 - self.x, np.arange(height) + 0.5 - self.y
        return x * x + (y * y)[:, None] <= self.radius**2
