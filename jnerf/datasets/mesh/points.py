"""Where a mesh's distance is learnt: on its surface, near it, and anywhere in the field's box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.mesh.truth import Truth
from jnerf.errors import ConfigError
from jnerf.ops.common import uniform

Floats = NDArray[np.float32]
# Numbers of draws that no other random number of a step has: three for a point, three for its noise.
_PICK, _FINER, _U, _V, _NOISE = 0xDA7A0020, 0xDA7A0021, 0xDA7A0022, 0xDA7A0023, 0xDA7A0024


@dataclass(frozen=True)
class Shares:
    """How points are spread.

    Attributes:
        surface: share of those exactly on the surface, whose distance is 0 and need not be asked.
        near: share of those near it; the rest lies anywhere in the box.
        noise: how near ones lie off the surface, along each axis: "logistic" or "normal".
        noise_std: standard deviation of that, field units.

    Raises:
        ConfigError: a share is negative, all of them together are more than 1, or there is no such noise.
    """

    surface: float = 0.5
    near: float = 0.375
    noise: Literal["logistic", "normal"] = "logistic"
    noise_std: float = 0.866 / 1024

    def __post_init__(self) -> None:
        if min(self.surface, self.near) < 0 or not self.surface + self.near <= 1:
            raise ConfigError(
                f"MeshDataset: surface_share is {self.surface} and near_share {self.near}; neither may be negative, "
                "nor both together more than 1"
            )
        if self.noise not in ("logistic", "normal"):
            raise ConfigError(
                f"MeshDataset: noise is {self.noise!r}; it must be logistic or normal"
            )

    def counts(self, n: int) -> tuple[int, int]:
        """How many of n points are on the surface, and how many near it.

        >>> Shares().counts(8)
        (4, 3)
        """
        on = round(n * self.surface)
        return on, min(round(n * self.near), n - on)


def draw(
    truth: Truth, shares: Shares, n: int, seed: int, step: int, first: int = 0
) -> tuple[Floats, Floats]:
    """Points and their distances; they depend on the arguments alone.

    Args:
        truth: the mesh.
        shares: how points are spread.
        n: P.
        seed: the run's.
        step: the training step.
        first: number of the first point, where a step has several such parts.

    Returns:
        float32 [P, 3] in [0, 1]^3, those on the surface first, then those near it; float32 [P].
    """
    n_on, n_near = shares.counts(n)
    rows = first + np.arange(n)
    of_surface = rows[: n_on + n_near]
    pick, finer, u, v = (
        uniform(seed, step, of_surface, draw).astype(np.float64) for draw in (_PICK, _FINER, _U, _V)
    )
    points = np.empty((n, 3), np.float32)
    points[: n_on + n_near] = truth.on_surface(pick + finer * 2.0**-24, u, v)[0]
    distances, bounds = np.zeros(n, np.float32), np.full(n, np.inf, np.float32)
    near = slice(n_on, n_on + n_near)
    moved = np.clip(points[near] + _noise(shares, rows[near], seed, step), 0, 1)
    bounds[near] = np.linalg.norm(moved - points[near], axis=1)
    points[near] = moved
    anywhere = rows[n_on + n_near :]
    points[n_on + n_near :] = np.stack(
        [uniform(seed, step, anywhere, draw) for draw in (_PICK, _U, _V)], axis=1
    )
    if n_on < n:
        distances[n_on:] = truth.distances(points[n_on:], bounds[n_on:])
    return points, distances


def _noise(shares: Shares, rows: NDArray, seed: int, step: int) -> Floats:
    """Steps off the surface along each axis, float32 [P, 3]."""
    draws = [uniform(seed, step, rows, _NOISE + k).astype(np.float64) for k in range(6)]
    a, b = (np.stack(part, axis=1) + 2.0**-25 for part in (draws[:3], draws[3:]))
    if shares.noise == "logistic":
        off = np.sqrt(3) / np.pi * np.log(a / (1 - a))
    else:
        off = np.sqrt(-2 * np.log(a)) * np.cos(2 * np.pi * b)
    return (shares.noise_std * off).astype(np.float32)
