"""The similarity that best brings one set of points, or of cameras, onto another, and what is then left of errors.

Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

_FLAT = 1e-6  # second over first singular value, below which all points lie on one line


@dataclass(frozen=True, eq=False)
class PoseErrors:
    """What cameras differ by once a similarity has brought them together.

    Attributes:
        transform: from the poses to the true ones.
        degrees: between the orientations, [N].
        distances: between the positions, units of the true poses, [N].
        extent: the largest distance of a true position from their middle, same units.
    """

    transform: Similarity
    degrees: NDArray[np.float64]
    distances: NDArray[np.float64]
    extent: float

    @property
    def relative(self) -> NDArray[np.float64]:
        """Distances as a share of the extent, [N]."""
        return self.distances / self.extent


def align_points(source: ArrayLike, target: ArrayLike) -> Similarity:
    """The similarity that minimises the sum of squared distances from ``transform.points(source)`` to ``target``.

    Args:
        source: [N, 3], N >= 3.
        target: [N, 3].

    Raises:
        DataError: fewer than three points, or all on one line: then a turn about it is left open.

    >>> points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]])
    >>> found = align_points(points, 2 * points + [1, 0, 0])
    >>> round(found.scale, 6), found.translation.round(6).tolist()
    (2.0, [1.0, 0.0, 0.0])
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3 or len(source) < 3:
        raise DataError(
            f"an alignment needs three pairs of points or more, got {list(source.shape)} and {list(target.shape)}"
        )
    middles = source.mean(axis=0), target.mean(axis=0)
    a, b = source - middles[0], target - middles[1]
    for name, spread in (("the one", a), ("the other", b)):
        sizes = np.linalg.svd(spread, compute_uv=False)
        if not sizes[1] > _FLAT * sizes[0]:
            raise DataError(
                f"the points of {name} set lie on one line or in one place: they cannot be aligned"
            )
    left, sizes, right = np.linalg.svd(b.T @ a)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left * signs @ right
    scale = float((sizes * signs).sum() / (a**2).sum())
    return Similarity(scale, rotation, middles[1] - scale * rotation @ middles[0])


def pose_errors(c2w: ArrayLike, truth: ArrayLike) -> PoseErrors:
    """How far poses are from true ones after the similarity that best fits their positions.

    Args:
        c2w: poses, [N, 3, 4].
        truth: the same cameras' true poses, of the same axes, [N, 3, 4].

    Raises:
        DataError: the positions do not decide on a similarity.
    """
    c2w, truth = np.asarray(c2w, np.float64), np.asarray(truth, np.float64)
    transform = align_points(c2w[:, :, 3], truth[:, :, 3])
    moved = transform.poses(c2w)
    turns = moved[:, :, :3].transpose(0, 2, 1) @ truth[:, :, :3]
    # The sine keeps its digits where the cosine is nearly 1.
    off = turns - turns.transpose(0, 2, 1)
    sine = 0.5 * np.linalg.norm(off[:, (2, 0, 1), (1, 2, 0)], axis=1)
    cosine = 0.5 * (np.trace(turns, axis1=1, axis2=2) - 1)
    eyes = truth[:, :, 3]
    return PoseErrors(
        transform,
        np.degrees(np.arctan2(sine, cosine)),
        np.linalg.norm(moved[:, :, 3] - eyes, axis=1),
        float(np.linalg.norm(eyes - eyes.mean(axis=0), axis=1).max()),
    )
