"""A network with a signed distance, that of a ball, beside the fakes' grid of colours."""

import jittor as jt
import numpy as np

from jnerf.registry import NETWORKS


@NETWORKS.register()
class FakeDistanceNetwork(NETWORKS.get("FakeNetwork")):
    """Distance to a ball about the middle of the unit box.

    Args:
        radius: of the ball, field units.
    """

    provides = frozenset({"sigmas", "rgbs", "sdf"})

    def __init__(self, seed: int, radius: float = 0.3) -> None:
        super().__init__(seed)
        self._radius = radius

    def sdf(self, positions: jt.Var) -> jt.Var:
        return (positions - np.float32(0.5)).sqr().sum(1).sqrt() - self._radius
