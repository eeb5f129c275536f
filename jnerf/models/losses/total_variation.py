"""A loss of the field itself: neighbouring positions shall have similar features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.losses.base import FieldLoss
from jnerf.ops.common import uniform
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network

_DRAW = 128  # of a point: far from those of sampling and of the background


@LOSSES.register()
class TotalVariationLoss(FieldLoss):
    """Squared difference of the position encoder's features at random points and their neighbours along each axis.

    HashNeRF-pytorch (Bhalgat 2022) takes the vertices of random cubes of every level, with a weight of 1e-6 in the
    first 1000 steps; here points are drawn in all of the box, a given distance apart, which needs to know nothing of
    the encoder.

    Args:
        n_points: drawn in each step.
        distance: between neighbours, in units of the box.
        weight: factor of the loss, a number or a schedule.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires_field = frozenset({"pos_encoder"})

    def __init__(
        self,
        n_points: int = 4096,
        distance: float = 1 / 512,
        weight: Scheduled = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(weight)
        if n_points < 1 or not 0 < distance < 0.5:
            raise ConfigError(
                f"TotalVariationLoss: n_points is {n_points} and distance {distance}; they must be at least 1, and "
                "between 0 and 0.5"
            )
        self._n_points, self._distance, self._seed = n_points, distance, seed

    def of(self, network: Network, step: int) -> jt.Var:
        """Mean over points, axes and features."""
        points, axes = np.arange(self._n_points)[:, None], np.arange(3)[None]
        x = uniform(self._seed, step, points, _DRAW + axes) * np.float32(1 - self._distance)
        near = [x] + [
            x + np.float32(self._distance) * np.eye(3, dtype=np.float32)[k] for k in range(3)
        ]
        features = network.pos_encoder(jt.array(np.concatenate(near)).stop_grad())
        n, grouped = self._n_points, features.ndim == 3
        parts = [
            features[:, k * n : (k + 1) * n] if grouped else features[k * n : (k + 1) * n]
            for k in range(4)
        ]
        return sum(jt.sqr(part - parts[0]).mean() for part in parts[1:]) / 3
