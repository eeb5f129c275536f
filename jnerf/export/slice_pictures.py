"""Slices as pictures, with a bar of colours and its unit."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.export.slices import Slice
from jnerf.imaging.pictures import to_uint8
from jnerf.imaging.scale import framed

_OUTSIDE = (225, 225, 225)
_AXES = {"x": "y to the right, z up", "y": "x to the right, z up", "z": "x to the right, y up"}


def value_pictures(found: list[Slice]) -> list[NDArray[np.uint8]]:
    """Density on a logarithmic scale, or signed distance with its zero level in black; one scale for all slices.

    The least density that shows would let 1 / e of the light through the whole picture.

    Returns:
        RGB, one of each slice.
    """
    largest = max((float(np.nanmax(np.abs(part.values), initial=0)) for part in found), default=0)
    largest = largest or 1.0
    if found[0].kind == "sdf":
        return [_distances(part, largest) for part in found]
    return [_densities(part, largest) for part in found]


def color_pictures(found: list[Slice]) -> list[NDArray[np.uint8]]:
    """The field's colours, paler where it is less dense: white where all light passes through a pixel's length.

    Of a signed distance, what is outside is pale.
    """
    return [_colors(part) for part in found]


def _densities(part: Slice, largest: float) -> NDArray[np.uint8]:
    least = 1 / max(part.extent[1] - part.extent[0], part.extent[3] - part.extent[2])
    bottom, top = math.log10(least), math.log10(max(largest, 10 * least))
    values = np.log10(np.maximum(part.values, least))
    ticks = range(math.ceil(bottom), math.floor(top) + 1)
    labels = [((tick - bottom) / (top - bottom), f"{10.0**tick:g}") for tick in ticks]
    picture = _mapped((values - bottom) / (top - bottom), _viridis())
    return framed(picture, _title(part, "density, 1 / world unit"), _viridis(), labels)


def _distances(part: Slice, largest: float) -> NDArray[np.uint8]:
    places = 0.5 + 0.5 * part.values / largest
    picture = _mapped(places, _blue_white_red())
    inside = part.values < 0
    border = np.zeros_like(inside)
    border[1:] |= inside[1:] != inside[:-1]
    border[:, 1:] |= inside[:, 1:] != inside[:, :-1]
    picture[border & np.isfinite(part.values)] = 0
    labels = [(0.5 + 0.5 * x, f"{x * largest:+.3g}" if x else "0") for x in (-1, -0.5, 0, 0.5, 1)]
    title = _title(part, "signed distance, world units; below 0 is inside, black is 0")
    return framed(picture, title, _blue_white_red(), labels)


def _colors(part: Slice) -> NDArray[np.uint8]:
    pixel = (part.extent[1] - part.extent[0]) / part.values.shape[1]
    if part.kind == "density":
        opacity = 1 - np.exp(-np.nan_to_num(part.values) * pixel)
    else:
        opacity = np.where(np.nan_to_num(part.values, nan=1.0) < 0, 1.0, 0.3)
    shown = to_uint8(part.colors / 255 * opacity[..., None] + 1 - opacity[..., None])
    shown[np.isnan(part.values)] = _OUTSIDE
    return framed(shown, _title(part, "colour, over white as far as it is not dense"))


def _title(part: Slice, what: str) -> list[str]:
    left, right, low, high = part.extent
    return [
        f"{what}",
        f"{part.axis} = {part.at:.4g}; {_AXES[part.axis]}: {left:.4g} .. {right:.4g}, {low:.4g} .. {high:.4g} (world)",
    ]


def _mapped(places: NDArray[np.float32], colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours at places from 0 to 1; grey for NaN."""
    index = np.clip(np.nan_to_num(places) * (len(colors) - 1), 0, len(colors) - 1).round()
    picture = colors[index.astype(int)]
    picture[np.isnan(places)] = _OUTSIDE
    return picture


def _viridis() -> NDArray[np.uint8]:
    steps = np.arange(256, dtype=np.uint8)[:, None]
    return np.ascontiguousarray(cv2.applyColorMap(steps, cv2.COLORMAP_VIRIDIS)[:, 0, ::-1])


def _blue_white_red() -> NDArray[np.uint8]:
    steps = np.linspace(0, 1, 256)[:, None]
    blue, white, red = np.array([0.15, 0.3, 0.75]), np.ones(3), np.array([0.75, 0.15, 0.15])
    below, above = steps * 2, steps * 2 - 1
    return to_uint8(
        np.where(steps < 0.5, blue + (white - blue) * below, white + (red - white) * above)
    )
