"""Poses read in another way than was asked for: what they would be if their file meant something else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jnerf.datasets.cameras.cameras import Cameras
    from jnerf.datasets.placement.similarity import Similarity

#: What to say of poses that fit when they are read so, with the remedy.
OTHER_AXES = (
    "the poses have OpenCV's axes (y down, z forward) and must have OpenGL's (y up, z backward): negate the second "
    "and third column of each"
)
INVERTED = (
    "the poses are world-to-camera and must be camera-to-world: invert each 4x4 matrix"
    " (of OpenCV's axes, then also negate the second and third column)"
)


def with_other_axes(cameras: Cameras) -> Cameras:
    """The cameras, with y and z of their own frames turned round."""
    c2w = cameras.c2w.copy()
    c2w[:, :, 1:3] *= -1
    return replace(cameras, c2w=c2w)


def inverted(cameras: Cameras, transform: Similarity | None) -> Cameras:
    """The cameras, with the inverse of the pose that their file has.

    Args:
        cameras: in the field.
        transform: world to field; None where they are the same.
    """
    world = cameras.c2w.astype(np.float64)
    if transform is not None:
        world = transform.inverse().poses(world)
    rotation = world[:, :, :3].transpose(0, 2, 1)
    inverse = np.concatenate([rotation, -rotation @ world[:, :, 3:]], axis=2)
    return replace(cameras, c2w=inverse if transform is None else transform.poses(inverse))
