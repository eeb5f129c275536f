"""Which colour of a frame's image means empty: ``white_transparent`` and ``black_transparent`` (instant-ngp)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.alpha_images import AlphaFn, black_is_empty, white_is_empty
from jnerf.datasets.transforms.file import Frame


def empty_colors(frames: Sequence[Frame]) -> AlphaFn | None:
    """The alpha of N frames' images, of which one or both colours are empty; None if no frame speaks of any.

    Args:
        frames: N frames.

    Raises:
        DataError: a key is neither true nor false.
    """
    white, black = (
        [frame.flag(f"{name}_transparent") for frame in frames] for name in ("white", "black")
    )
    if not any(white) and not any(black):
        return None

    def alpha(i: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        found = image[..., 3]
        for meant, rule in ((white, white_is_empty), (black, black_is_empty)):
            found = np.minimum(found, rule(i, image)) if meant[i] else found
        return found

    return alpha
