"""Where to put a scene of which only the cameras are known: similarities found from their poses.

Every function takes OpenGL camera-to-world poses, float64 [N, 3, 4], and returns a :class:`Similarity` from their
world to another; none changes the poses. They are chained with ``Similarity.then``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

Poses = NDArray[np.float64]


def normalize(
    c2w: Poses, orient: bool, centre: bool, scale: bool, principal: bool = False
) -> Similarity:
    """:func:`orient_up`, then :func:`centre_and_scale`, each if it is asked for.

    Args:
        c2w: [N, 3, 4].
        orient: turn the mean up axis to +z.
        centre: move the middle of the cameras to the origin.
        scale: let the farthest camera be 1 from the middle of the cameras.
        principal: turn by :func:`orient_principal` instead, and let no camera's coordinate be above 1
            (mip-NeRF 360, Barron et al. 2022, https://arxiv.org/abs/2111.12077).

    Raises:
        DataError: the poses do not say how.
    """
    turn = orient_principal if principal else orient_up
    turned = turn(c2w) if orient else Similarity()
    return turned.then(centre_and_scale(turned.poses(c2w), centre, scale, principal))


def centre_and_scale(
    c2w: Poses, centre: bool = True, scale: bool = True, by_coordinate: bool = False
) -> Similarity:
    """Moves the mean of the camera positions to the origin, and the farthest one to distance 1 from the mean.

    Args:
        c2w: [N, 3, 4].
        centre: move; otherwise the origin stays where it is.
        scale: scale, about the world's origin; otherwise lengths stay as they are.
        by_coordinate: the farthest is the one with the largest coordinate, which becomes 1.

    Raises:
        DataError: to be scaled, and all cameras stand at one place.

    >>> eyes = np.eye(4)[None, :3].repeat(2, 0)
    >>> eyes[1, 0, 3] = 4.0
    >>> centre_and_scale(eyes).poses(eyes)[:, 0, 3]
    array([-1.,  1.])
    """
    eyes = c2w[:, :, 3]
    middle = eyes.mean(axis=0)
    factor = 1.0
    if scale:
        offsets = np.abs(eyes - middle)
        reach = offsets.max() if by_coordinate else np.linalg.norm(offsets, axis=1).max()
        if not reach > 1e-9 * max(1.0, np.abs(eyes).max()):
            raise DataError(
                f"all {len(eyes)} cameras stand at {middle.round(4).tolist()}, so that their positions say nothing of "
                "the scene's size: give dataset.scale instead"
            )
        factor = 1 / reach
    return Similarity(factor, translation=-factor * middle if centre else (0, 0, 0))


def orient_up(c2w: Poses) -> Similarity:
    """Turns the world about its origin, by the smallest angle, so that the cameras' mean up axis is +z.

    Args:
        c2w: [N, 3, 4].

    Raises:
        DataError: the up axes cancel out.
    """
    return Similarity(rotation=_turn(_mean_up(c2w), np.array([0.0, 0.0, 1.0])))


def orient_principal(c2w: Poses) -> Similarity:
    """Turns the world about its origin so that the cameras spread most along x, least along z, and +z is up.

    Args:
        c2w: [N, 3, 4].

    Raises:
        DataError: the up axes cancel out.
    """
    offsets = c2w[:, :, 3] - c2w[:, :, 3].mean(axis=0)
    axes = np.linalg.eigh(offsets.T @ offsets)[1].T[::-1].copy()
    if axes[2] @ _mean_up(c2w) < 0:
        axes[2] *= -1
    if np.linalg.det(axes) < 0:
        axes[1] *= -1
    return Similarity(rotation=axes)


def average_pose(c2w: Poses) -> Poses:
    """The mean of N poses: mean position, mean view axis, and an up axis as near to the mean one as it can be.

    Args:
        c2w: [N, 3, 4].

    Returns:
        float64 [3, 4].

    Raises:
        DataError: view axes or up axes cancel out.
    """
    back = _unit(c2w[:, :, 2].mean(axis=0), "view directions")
    right = _unit(np.cross(_mean_up(c2w), back), "up axes, as seen along the mean view direction,")
    return np.stack([right, np.cross(back, right), back, c2w[:, :, 3].mean(axis=0)], axis=1)


def recentre(c2w: Poses) -> Similarity:
    """Makes the average pose's frame that of the world: it then stands at the origin and looks along -z.

    Args:
        c2w: [N, 3, 4].

    Raises:
        DataError: see :func:`average_pose`.
    """
    pose = average_pose(c2w)
    rotation = pose[:, :3].T
    return Similarity(rotation=rotation, translation=-rotation @ pose[:, 3])


def focus_point(c2w: Poses) -> NDArray[np.float64]:
    """The point nearest to all optical axes, by least squares, float64 [3].

    Minimises the sum over cameras of ``|(I - d d^T)(p - o)|^2`` with position o and view axis d.

    Args:
        c2w: [N, 3, 4].

    Raises:
        DataError: the axes are parallel.
    """
    across = np.eye(3) - c2w[:, :, 2, None] * c2w[:, None, :, 2]
    normal = across.mean(axis=0)
    if np.linalg.eigvalsh(normal)[0] < 1e-6:
        raise DataError(
            f"the optical axes of {len(c2w)} camera(s) are parallel: they meet in no point. Such a capture faces "
            "forward, not inward: choose another space"
        )
    return np.linalg.solve(normal, (across @ c2w[:, :, 3:]).mean(axis=0)[:, 0])


def spherify(c2w: Poses) -> Similarity:
    """For captures that go around an object: the point they look at becomes the origin, their mean side of it +z.

    Their root-mean-square distance from the origin becomes 1.

    Args:
        c2w: [N, 3, 4].

    Raises:
        DataError: the cameras look at no common point, or away from it.
    """
    focus = focus_point(c2w)
    offsets = c2w[:, :, 3] - focus
    away = (offsets * c2w[:, :, 2]).sum(axis=1) <= 0
    if away.mean() > 0.5:
        raise DataError(
            f"{away.sum()} of {len(c2w)} cameras look away from the point nearest to their optical axes "
            f"({focus.round(4).tolist()}): this capture does not face inward. Choose another space"
        )
    radius = np.sqrt((offsets**2).sum(axis=1).mean())
    side = offsets.mean(axis=0)
    # Cameras all around leave next to nothing of it: then what they hold as up is the better guess.
    up = side if np.linalg.norm(side) > 0.05 * radius else _mean_up(c2w)
    rotation = _turn(_unit(up, "up axes"), np.array([0.0, 0.0, 1.0]))
    return Similarity(1 / radius, rotation, -rotation @ focus / radius)


def _mean_up(c2w: Poses) -> NDArray[np.float64]:
    return _unit(c2w[:, :, 1].mean(axis=0), "up axes")


def _unit(mean: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """The mean of unit vectors, as a unit vector."""
    length = np.linalg.norm(mean)
    if length < 1e-3:
        raise DataError(
            f"the cameras' {what} cancel out (their mean has length {length:.2g}): they say nothing of how the scene "
            "stands. Orient the poses by hand, or choose another normalisation"
        )
    return mean / length


def _turn(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest rotation that takes one unit vector to another, [3, 3]: two reflections."""
    middle = source + target
    if np.linalg.norm(middle) < 1e-7:  # half a turn, about any axis across
        axis = np.eye(3)[np.abs(source).argmin()]
        axis -= source * (source @ axis)
        axis /= np.linalg.norm(axis)
        return 2 * np.outer(axis, axis) - np.eye(3)
    middle /= np.linalg.norm(middle)
    mirror = np.eye(3) - 2 * np.outer(source, source)
    return (np.eye(3) - 2 * np.outer(middle, middle)) @ mirror
