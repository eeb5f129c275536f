"""A loss of the field itself: neighbouring positions shall have similar features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import FieldLoss
from jnerf.ops.neighbour_variation import neighbour_points, neighbour_variation
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
        n_dims: scene fact: coordinates of a point.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range, or the scene has not three dimensions.
    """

    requires_field = frozenset({"pos_encoder"})

    def __init__(
        self,
        n_points: int = 4096,
        distance: float = 1 / 512,
        weight: Scheduled = 1.0,
        n_dims: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__(weight)
        if n_dims != 3:
            raise ConfigError(
                f"TotalVariationLoss: the scene has {n_dims} dimensions, but its points have three; leave it out"
            )
        if n_points < 1 or not 0 < distance < 0.5:
            raise ConfigError(
                f"TotalVariationLoss: n_points is {n_points} and distance {distance}; they must be at least 1, and "
                "between 0 and 0.5"
            )
        self._n_points, self._distance, self._seed = n_points, float(distance), seed

    def of(self, network: Network, step: int) -> jt.Var:
        """Mean over points, axes and features."""
        return self._weighted_of(network, step, 1.0)

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        points = neighbour_points(self._n_points, self._distance, self._seed, step, _DRAW)
        features = network.pos_encoder(points)
        return neighbour_variation(features, weight / (features.numel() // 4 * 3))
