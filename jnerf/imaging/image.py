"""A rendered view."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Image:
    """A rendered view.

    Attributes:
        colors: sRGB over black, float32 [H, W, 3], not clipped.
        opacities: float32 [H, W].
        depths: expected distance of what is seen, field units, float32 [H, W]; 0 where nothing is.
        normals: sums of weight x normal, in the axes of the field, float32 [H, W, 3]; None where the renderer has none.
    """

    colors: NDArray[np.float32]
    opacities: NDArray[np.float32]
    depths: NDArray[np.float32]
    normals: NDArray[np.float32] | None = None

    def over_white(self) -> NDArray[np.float32]:
        """The same view over white, from the same render: colour + (1 - opacity), float32 [H, W, 3]."""
        return self.colors + (1 - self.opacities[..., None])
