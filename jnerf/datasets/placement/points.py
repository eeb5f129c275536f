"""Where to put a scene of which points are known: what the cameras look at comes into the middle, the rest around it.

The unit of length is half the edge of the *core*, the cube that holds the points if they lie close together (an object
on a turntable, with nothing behind it), and half of what lies between a camera and what it sees if they do not (a
room, a street): there, detail is wanted near the middle, and a wider box holds the background.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.placement.normalize import focus_point, orient_principal, orient_up
from jnerf.datasets.placement.outliers import strays
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

_CORE = 0.98  # of the points are within the core of an object
_MARGIN = 1.25  # textureless parts of an object have no points
_DEEP = 0.5  # of the distance to what is seen, for scenes with a background
_INNER = (0.1, 0.9)  # the middle lies between these quantiles of the points


def around_points(
    c2w: NDArray[np.float64],
    points: NDArray[np.float64],
    depths: NDArray[np.float64],
    orient: bool = True,
    centre: bool = True,
    scale: bool = True,
    principal: bool = False,
) -> Similarity:
    """The middle of what the cameras look at to the origin, its core to within 1 of it along each axis.

    Args:
        c2w: OpenGL camera-to-world poses, [N, 3, 4].
        points: triangulated points, [M, 3]; a few may be far off.
        depths: distance of what each camera sees, world units, [N].
        orient: turn the mean up axis to +z first.
        centre: move; otherwise the origin stays where it is.
        scale: scale; otherwise lengths stay as they are.
        principal: turn by :func:`~jnerf.datasets.placement.normalize.orient_principal` instead.

    Raises:
        DataError: there are no points, or they are all in one place.
    """
    if not len(points):
        raise DataError(
            "the model has no points around which the scene could be placed: set dataset.around to 'cameras', and "
            "give dataset.aabb_scale, dataset.near and dataset.far"
        )
    turn = orient_principal if principal else orient_up
    turned = turn(c2w) if orient else Similarity()
    c2w, points = turned.poses(c2w), turned.points(points)
    points = points[~strays(np.linalg.norm(points - np.median(points, axis=0), axis=1), 0.05)]
    middle = _middle(c2w, points) if centre else np.zeros(3)
    reach = np.quantile(np.abs(points - middle).max(axis=1), _CORE)
    core = min(_MARGIN * reach, _DEEP * float(np.median(depths)))
    if scale and not core > 1e-9 * max(1.0, np.abs(middle).max()):
        raise DataError(
            f"all {len(points)} points are at {middle.round(4).tolist()}: they say nothing of the scene's size"
        )
    factor = 1 / core if scale else 1.0
    return turned.then(Similarity(factor, translation=-factor * middle))


def _middle(c2w: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the optical axes meet, if that is among the points, else the middle of the points."""
    low, high = np.quantile(points, _INNER, axis=0)
    try:
        focus = focus_point(c2w)
    except DataError:  # they are parallel
        return np.median(points, axis=0)
    ahead = ((focus - c2w[:, :, 3]) * -c2w[:, :, 2]).sum(axis=1) > 0
    if ahead.mean() < 0.5:  # they look outward
        return np.median(points, axis=0)
    return np.clip(focus, low, high)


def median_depths(
    seen: Sequence[NDArray[np.float64]], eyes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The median distance from cameras to what they see, float64 [N]; of cameras that see nothing, that of the others.

    Args:
        seen: the points that each camera sees, N arrays [P, 3].
        eyes: where the cameras stand, [N, 3].

    Raises:
        DataError: none sees a point.
    """
    found = np.array(
        [
            np.median(np.linalg.norm(points - eye, axis=1)) if len(points) else np.nan
            for points, eye in zip(seen, eyes, strict=True)
        ]
    )
    if np.isnan(found).all():
        raise DataError(
            "no image of the model sees any of its points: set dataset.around to 'cameras'"
        )
    return np.where(np.isnan(found), np.nanmedian(found), found)
