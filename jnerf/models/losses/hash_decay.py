"""A loss of hash grids themselves: what they have learned shall be small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jittor as jt

from jnerf.models.losses.base import FieldLoss
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network


@LOSSES.register()
class HashDecayLoss(FieldLoss):
    """Normalised weight decay (Zip-NeRF, Barron et al. 2023, https://arxiv.org/abs/2304.06706, section 2).

    Half the mean square of each level's features, summed over the levels of all hash grids of the network. A mean of
    each level: a sum would leave the coarse ones, of few rows, free.

    Args:
        weight: factor of the loss, a number or a schedule.
    """

    requires_field = frozenset({"level_squares"})

    def of(self, network: Network, step: int) -> jt.Var:
        """See the class."""
        return self._weighted_of(network, step, 1.0)

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        squares = [
            encoder.level_squares() for encoder in network.encoders() if encoder.level_squares
        ]
        return weighted_sum(squares, [0.5 * weight] * len(squares))
