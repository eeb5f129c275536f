"""Intrinsics and lenses of transforms.json frames, in the words of instant-ngp and of nerfstudio.

What is read of a frame, or of the whole file where the frame says nothing:

- ``fl_x fl_y cx cy`` in pixels of an image of ``w`` x ``h``; stored images of another size but that shape scale them.
  The focal length may be an angle instead; the principal point is the middle where it is not given.
- ``k1 k2 k3 k4 p1 p2``: radial 1 + k1 r^2 + k2 r^4 + k3 r^6 + k4 r^8 and tangential distortion; of a fisheye lens
  k1 .. k4 of its polynomial of the angle.
- ``camera_model`` (nerfstudio): OPENCV and its simpler kin, OPENCV_FISHEYE, EQUIRECTANGULAR.
- ``is_fisheye``, ``latlong`` (instant-ngp): a fisheye lens; a panorama of longitude and latitude.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.lenses import EquirectangularLens, LensModel, lens_of
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.pictures.decoding import same_shape
from jnerf.datasets.pictures.image_folder import rescaled
from jnerf.datasets.transforms.file import Frame, focal_lengths
from jnerf.errors import DataError

_MODELS = {
    **dict.fromkeys(("PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV"), "opencv"),
    **dict.fromkeys(("SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "OPENCV_FISHEYE"), "fisheye"),
    "EQUIRECTANGULAR": "equirectangular",
}
_COEFFICIENTS = {
    "opencv": ("k1", "k2", "k3", "k4", "p1", "p2"),
    "fisheye": ("k1", "k2", "k3", "k4"),
    "equirectangular": (),
}
_FLAGS = {"is_fisheye": "fisheye", "latlong": "equirectangular"}
_UNREADABLE = {
    "ftheta_p0": "an f-theta lens",
    "orthographic": "an orthographic camera",
    "equirectangular": "a panorama of equal areas (one of longitude and latitude is 'latlong')",
    "rolling_shutter": "a rolling shutter",
}


def read_lens(frames: Sequence[Frame], distortion: bool = True) -> LensModel:
    """The lens of N frames; a pinhole if none bends the light.

    Args:
        frames: what the file says of each.
        distortion: False takes all coefficients for 0.

    Raises:
        DataError: a camera model is unknown, or keys contradict each other.
    """
    kinds = [lens_kind(frame) for frame in frames]
    coefficients = [
        [(frame.number(key) or 0.0) * distortion for key in _COEFFICIENTS[kind]]
        for frame, kind in zip(frames, kinds, strict=True)
    ]
    return lens_of(kinds, coefficients)


def read_intrinsics(
    frames: Sequence[Frame], stored: NDArray[np.int64], asked: NDArray[np.int64]
) -> NDArray[np.float64]:
    """fx, fy, cx, cy of each frame in pixels, float64 [N, 4].

    Args:
        frames: N frames.
        stored: width and height of the images on disk, int [N, 2].
        asked: width and height of the images that the result is for, int [N, 2].

    Raises:
        DataError: a focal length is missing, or ``w, h`` have another shape than the image.
    """
    rows, declared, kinds = [], [], [lens_kind(frame) for frame in frames]
    for frame, kind, size in zip(frames, kinds, stored.tolist(), strict=True):
        width, height = _declared_size(frame, size)
        if kind == "equirectangular":
            fx, fy, cx, cy = EquirectangularLens.intrinsics(width, height)
        else:
            fx, fy = focal_lengths(frame, width, height)
            cx, cy = frame.number("cx"), frame.number("cy")
            cx = 0.5 * width if cx is None else cx
            cy = 0.5 * height if cy is None else cy
        rows.append((fx, fy, cx, cy))
        declared.append((width, height))
    labels, bent = [frame.label for frame in frames], np.array([kind != "opencv" for kind in kinds])
    found = in_pixels(np.asarray(rows, np.float64), np.asarray(declared), labels, bent)
    return rescaled(found, np.asarray(declared), asked)


def declared_sizes(frames: Sequence[Frame]) -> NDArray[np.float64]:
    """``w, h`` of each of N frames, NaN where it does not say both, float64 [N, 2]."""
    rows = [(frame.number("w"), frame.number("h")) for frame in frames]
    return np.array([row if None not in row else (np.nan, np.nan) for row in rows], np.float64)


def _declared_size(frame: Frame, stored: list[int]) -> tuple[float, float]:
    """The size of image that the frame's numbers speak of: ``w, h``, else that of the stored image."""
    width, height = frame.number("w"), frame.number("h")
    if width is None or height is None:
        return float(stored[0]), float(stored[1])
    if not (1 <= width < 1e6 and 1 <= height < 1e6):
        raise DataError(
            f"{frame.label}: 'w' and 'h' must be sizes in pixels, got {width} and {height}"
        )
    if not same_shape((round(width), round(height)), tuple(stored)):
        turned = same_shape((round(height), round(width)), tuple(stored))
        hint = (
            "it lies on its side, and has no orientation tag that says so: turn its pixels"
            if turned
            else "restore the images that the poses were found with"
        )
        raise DataError(
            f"{frame.label}: the scene file says {width:g}x{height:g} pixels, the image {frame.path} has "
            f"{stored[0]}x{stored[1]}; {hint}"
        )
    return width, height


def lens_kind(frame: Frame) -> str:
    """``opencv``, ``fisheye`` or ``equirectangular``, as :func:`~jnerf.datasets.cameras.lenses.lens_of` calls them.

    Raises:
        DataError: a camera model is unknown, or keys contradict each other.
    """
    for key, meaning in _UNREADABLE.items():
        value = frame.values.get(key)
        if value is not None and np.any(value):
            raise DataError(
                f"{frame.label}: '{key}' means {meaning}, which is not supported. Undistort the images"
            )
    flag = next((key for key in _FLAGS if frame.values.get(key)), None)
    model = frame.text("camera_model")
    if model is None:
        return _FLAGS[flag] if flag else "opencv"
    kind = _MODELS.get(model.upper())
    if kind is None:
        raise DataError(
            f"{frame.label}: unknown camera_model '{model}': expected one of {', '.join(_MODELS)}. "
            "Undistort the images, or calibrate with one of these"
        )
    if flag and _FLAGS[flag] != kind:
        raise DataError(
            f"{frame.label}: camera_model '{model}' contradicts '{flag}': remove one of them"
        )
    return kind
