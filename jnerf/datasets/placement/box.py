"""The field's box around (0.5, 0.5, 0.5), what fits into it, and whether cameras see anything of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError


def cube(edge: float) -> list[float]:
    """The box of that edge centred at (0.5, 0.5, 0.5): (min xyz, max xyz).

    >>> cube(2.0)
    [-0.5, -0.5, -0.5, 1.5, 1.5, 1.5]
    """
    return [0.5 - 0.5 * edge] * 3 + [0.5 + 0.5 * edge] * 3


def into_cube(
    points: NDArray[np.float64], edge: float, centre: ArrayLike | None = None
) -> Similarity:
    """Moves and scales points, without turning them, to just fit the cube of that edge about (0.5, 0.5, 0.5).

    Args:
        points: [P, 3].
        edge: of the cube.
        centre: the point that is moved to the middle; None: that of the points' own box.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2 if centre is None else np.asarray(centre, np.float64)
    scale = 0.5 * edge / max((centre - low).max(), (high - centre).max())
    return Similarity(scale, translation=0.5 - scale * centre)


def check_reach(
    labels: Sequence[str],
    eyes: NDArray[np.floating],
    aabb: Sequence[float],
    far: float,
    remedy: str = "lower dataset.scale, correct dataset.offset, or raise dataset.aabb_scale or dataset.far",
) -> None:
    """A camera whose nearest point of the box lies behind ``far`` can see nothing of the field.

    Args:
        labels: what to call each camera, N strings.
        eyes: where they stand, in field units, [N, 3].
        aabb: the field's box, [6].
        far: where rays end, field units.
        remedy: which settings of the format to change.

    Raises:
        DataError: names the camera that is farthest off.
    """
    gap = np.linalg.norm(eyes - eyes.clip(aabb[:3], aabb[3:]), axis=1)
    if (gap >= far).any():
        i = int(gap.argmax())
        raise DataError(
            f"{labels[i]}: the camera stands {gap[i]:.3g} field units from the field's "
            f"box, and rays end at far={far:.3g}: {remedy}. If only this camera is off, its pose is wrong: "
            "remove the image"
        )
