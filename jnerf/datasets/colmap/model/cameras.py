"""COLMAP's camera models in terms of ours: intrinsics, and a kind of lens with its coefficients.

Pixel centres are at +0.5 in both. https://colmap.github.io/cameras.html
"""

from __future__ import annotations

import math
from typing import NamedTuple

from jnerf.datasets.cameras.lenses import EquirectangularLens
from jnerf.datasets.colmap.model.parts import ColmapCamera
from jnerf.errors import DataError


class _Model(NamedTuple):
    """What a model's parameters mean: ``f`` is fx and fy; which kind of lens; its coefficients in our order."""

    params: tuple[str, ...]
    kind: str = "pinhole"
    coefficients: tuple[str, ...] = ()


_F, _FXY = ("f", "cx", "cy"), ("fx", "fy", "cx", "cy")
_BROWN = ("k1", "k2", "k3", "k4", "p1", "p2")
_ANGLES = ("k1", "k2", "k3", "k4")
_QUOTIENT = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2")

#: The models that can be read, by COLMAP's names.
MODELS = {
    "SIMPLE_PINHOLE": _Model(_F),
    "PINHOLE": _Model(_FXY),
    "SIMPLE_RADIAL": _Model((*_F, "k1"), "opencv", _BROWN),
    "RADIAL": _Model((*_F, "k1", "k2"), "opencv", _BROWN),
    "OPENCV": _Model((*_FXY, "k1", "k2", "p1", "p2"), "opencv", _BROWN),
    "FULL_OPENCV": _Model(
        (*_FXY, "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"), "rational", _QUOTIENT
    ),
    "SIMPLE_FISHEYE": _Model(_F, "fisheye", _ANGLES),
    "FISHEYE": _Model(_FXY, "fisheye", _ANGLES),
    "SIMPLE_RADIAL_FISHEYE": _Model((*_F, "k1"), "fisheye", _ANGLES),
    "RADIAL_FISHEYE": _Model((*_F, "k1", "k2"), "fisheye", _ANGLES),
    "OPENCV_FISHEYE": _Model((*_FXY, *_ANGLES), "fisheye", _ANGLES),
    "EQUIRECTANGULAR": _Model(("width", "height"), "equirectangular"),
}


def camera_intrinsics(camera: ColmapCamera) -> tuple[float, float, float, float]:
    """fx, fy, cx, cy in pixels of the camera's own size.

    Raises:
        DataError: the model is not supported, or the parameters are not those that it takes.
    """
    values = _values(camera)
    if "width" in values:
        return EquirectangularLens.intrinsics(camera.width, camera.height)
    f = values.get("f", 0.0)
    return values.get("fx", f), values.get("fy", f), values["cx"], values["cy"]


def camera_lens(camera: ColmapCamera) -> tuple[str, tuple[float, ...]]:
    """The kind of lens and its coefficients, as :func:`jnerf.datasets.cameras.lenses.lens_of` takes them.

    Raises:
        DataError: the model is not supported, or the parameters are not those that it takes.
    """
    values, model = _values(camera), MODELS[camera.model]
    return model.kind, tuple(values.get(name, 0.0) for name in model.coefficients)


def unknown_model(label: str, name: str) -> DataError:
    """The error for a camera whose model has no lens here."""
    return DataError(
        f"{label} has the model {name}, which is not supported: expected one of {', '.join(MODELS)}. "
        "Run 'colmap image_undistorter' and use its images and its model, or calibrate with "
        "--ImageReader.camera_model OPENCV (fisheye lenses: OPENCV_FISHEYE)"
    )


def _values(camera: ColmapCamera) -> dict[str, float]:
    """The camera's parameters by name."""
    if camera.model not in MODELS:
        raise unknown_model(camera.label, camera.model)
    names = MODELS[camera.model].params
    if len(camera.params) != len(names) or not all(map(math.isfinite, camera.params)):
        raise DataError(
            f"{camera.label}: {camera.model} takes {len(names)} finite numbers, {' '.join(names)}; found "
            f"{str(list(camera.params)):.300}. Export the model again"
        )
    if not (1 <= camera.width < 10**6 and 1 <= camera.height < 10**6):
        raise DataError(
            f"{camera.label}: its images would be {camera.width}x{camera.height} pixels. Export the model again"
        )
    return dict(zip(names, camera.params, strict=True))
