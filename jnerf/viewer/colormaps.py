"""Colour maps of channels that are one number a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.pictures import to_uint8

#: By name; "gray" is the number itself.
COLORMAPS = {
    "turbo": cv2.COLORMAP_TURBO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "twilight": cv2.COLORMAP_TWILIGHT,
    "gray": None,
}


def colored(values: NDArray[np.floating], name: str) -> NDArray[np.uint8]:
    """Numbers in [0, 1] as colours.

    Args:
        values: [H, W].
        name: one of ``COLORMAPS``.

    Returns:
        RGB [H, W, 3].

    >>> colored(np.array([[0.0, 1.0]]), "gray").tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    bytes_ = to_uint8(values)
    kind = COLORMAPS[name]
    if kind is None:
        return np.repeat(bytes_[..., None], 3, axis=-1)
    return np.ascontiguousarray(cv2.applyColorMap(bytes_, kind)[..., ::-1])
