"""Focal lengths and principal points that are not in pixels, as their sizes give away."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A pinhole whose focal length is less than this share of its image sees more than 136 degrees.
_SHORTEST = 0.2
_SMALLEST = 4  # pixels a side: in an image no larger, a pixel may be the middle


def in_pixels(
    intrinsics: NDArray[np.float64],
    sizes: NDArray[np.number],
    labels: Sequence[str],
    bent: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Intrinsics in pixels, float64 [N, 4].

    A principal point in the image's corner pixel is taken for fractions of width and height, with a warning. A focal
    length of next to nothing (millimetres, or fractions) is said, and used as it is: there is no sensor to know.

    Args:
        intrinsics: fx, fy, cx, cy as a file says them, [N, 4].
        sizes: width and height of the images that they speak of, [N, 2].
        labels: what to call each camera, N strings.
        bent: cameras whose lens may see that much, bool [N]; None for none.
    """
    sizes = np.asarray(sizes, np.float64)
    centres, focal = intrinsics[:, 2:], intrinsics[:, :2]
    small = (centres > 0) & (centres <= 1)
    # What a file does not say is the middle already.
    fractions = small.any(axis=1) & (small | (centres == 0.5 * sizes)).all(axis=1)
    fractions &= (sizes > _SMALLEST).all(axis=1)
    if fractions.any():
        i = int(fractions.argmax())
        warnings.warn(
            f"{labels[i]}: the principal point {centres[i].tolist()} of an image of {_size(sizes[i])} pixels is taken "
            f"for fractions of width and height, as for {fractions.sum()} of {len(fractions)} images",
            stacklevel=3,
        )
        scaled = np.where(small & fractions[:, None], centres * sizes, centres)
        intrinsics = np.concatenate([focal, scaled], axis=1)
    short = (focal > 0).all(axis=1) & (focal < _SHORTEST * sizes).any(axis=1)
    short &= True if bent is None else ~bent
    if short.any():
        i = int(short.argmax())
        angle = np.degrees(2 * np.arctan(0.5 * sizes[i] / focal[i])).max()
        warnings.warn(
            f"{labels[i]}: a focal length of {focal[i].min():g} pixels in an image of {_size(sizes[i])} would be a "
            f"view of {angle:.0f} degrees ({short.sum()} of {len(short)} images are like that). If it is in "
            "millimetres, divide it by the sensor's width in millimetres and multiply it by the image's in pixels; if "
            "it is a fraction, multiply it by the image's width",
            stacklevel=3,
        )
    return intrinsics


def _size(size: NDArray[np.float64]) -> str:
    return f"{size[0]:g}x{size[1]:g}"
