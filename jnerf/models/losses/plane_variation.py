"""A loss of tri-planes themselves: neighbouring vertices shall be alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jittor as jt

from jnerf.models.losses.base import FieldLoss
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network


@LOSSES.register()
class PlaneVariationLoss(FieldLoss):
    """Total variation of all planes of the network, those of proposals included (K-Planes, section 3.4).

    The sum over planes and scales of 2 (mean dh^2 + mean dw^2). The released code of K-Planes counts each plane twice
    where a scene stands still: its weights of 1e-4, for the field and for the proposals, are one of 2e-4 here.

    Args:
        weight: factor of the loss, a number or a schedule.
    """

    requires_field = frozenset({"variation"})

    def of(self, network: Network, step: int) -> jt.Var:
        """Exact: every vertex of every plane."""
        return self._weighted_of(network, step, 1.0)

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        found = [e.variation() for e in network.encoders() if e.variation is not None]
        return weighted_sum(found, [weight] * len(found))
