"""Lens models: how a point of the image plane becomes a direction of the camera, and back.

A lens works in *plane coordinates*, ``((x - cx) / fx, (y - cy) / fy)`` with y downwards, and in OpenGL
camera directions: x right, y up, looking along -z. Cameras own pixels, intrinsics and poses; a lens owns
only the bending of light, so that a new lens is one class.
"""

from jnerf.datasets.cameras.lenses.base import LensModel
from jnerf.datasets.cameras.lenses.equirectangular import EquirectangularLens
from jnerf.datasets.cameras.lenses.fisheye import FisheyeLens
from jnerf.datasets.cameras.lenses.mixed import MixedLens, lens_of
from jnerf.datasets.cameras.lenses.opencv import OpenCVLens
from jnerf.datasets.cameras.lenses.pinhole import Pinhole
from jnerf.datasets.cameras.lenses.rational import RationalLens

__all__ = [
    "EquirectangularLens",
    "FisheyeLens",
    "LensModel",
    "MixedLens",
    "OpenCVLens",
    "Pinhole",
    "RationalLens",
    "lens_of",
]
