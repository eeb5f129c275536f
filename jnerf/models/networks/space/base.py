"""What every space answers: where in the unit cube a point is, and how a width changes on the way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import jittor as jt
import numpy as np


class Space(ABC):
    """A map from field units to [0, 1]^D, the only coordinates that position encoders see.

    Attributes:
        edge: of the unit cube, field units, where nothing is squeezed: the longest one.
        aabb: the scene's box, (lows, highs), float32 [2 D], field units.
        norm: in which space is squeezed: "none", "l2" or "linf".
    """

    edge: float
    aabb: np.ndarray
    norm: Literal["none", "l2", "linf"]

    @abstractmethod
    def __call__(self, positions: jt.Var) -> jt.Var:
        """Positions [S, D] in field units -> [S, D] in the unit cube."""

    @abstractmethod
    def gaussians(self, means: jt.Var, covariances: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Gaussians in field units -> the same in the unit cube, to first order (J S J^T).

        Args:
            means: float32 [S, D].
            covariances: variances along the axes, float32 [S, D], or whole matrices, float32 [S, D, D].

        Returns:
            Means, and covariances in the form they came in: of a matrix that came as its diagonal, the diagonal.
        """

    @abstractmethod
    def widths(self, positions: jt.Var, widths: jt.Var) -> jt.Var:
        """Widths [S], the same in every direction, at positions [S, D], in units of the cube: their geometric mean.

        ``widths * |det J|^(1/D)`` (Zip-NeRF, Barron et al. 2023, https://arxiv.org/abs/2304.06706, section 2).
        """

    @abstractmethod
    def pull(
        self, positions: jt.Var, grad: jt.Var, unit: float = 1.0, add: jt.Var | None = None
    ) -> jt.Var:
        """A gradient by coordinates of the cube -> the gradient by positions, [S, D] each: J^T g.

        Args:
            positions: where, field units.
            grad: of something by the cube's coordinates.
            unit: the length, in field units, that the result is per.
            add: what is added to the result, [S, D]; None: nothing.
        """
