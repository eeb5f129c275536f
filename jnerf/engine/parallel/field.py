"""A field that all processes ask for the same positions: each answers for its share."""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt
import numpy as np

from jnerf.engine.parallel.transport import Transport
from jnerf.engine.pipeline.field import FrozenField
from jnerf.models.networks.base import Network

#: Positions below which asking for all of them is quicker than telling one another.
_FEW = 2**12


def bounds(n: int, rank: int, size: int) -> tuple[int, int]:
    """First and end of a process's share of n things: even, in order.

    >>> [bounds(10, rank, 3) for rank in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    return n * rank // size, n * (rank + 1) // size


class SharedField(FrozenField):
    """What samplers ask when they adapt, which all processes do alike.

    Args:
        network: the field.
        transport: to the others.
    """

    def __init__(self, network: Network, transport: Transport) -> None:
        super().__init__(network)
        self._transport = transport

    def density(self, positions: jt.Var) -> jt.Var:
        """See ``Network.density``."""
        return self._shared(super().density, positions)

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """See ``Network.density_nearby``."""
        return self._shared(super().density_nearby, positions)

    def _shared(self, ask: Callable[[jt.Var], jt.Var], positions: jt.Var) -> jt.Var:
        n = positions.shape[0]
        if n < _FEW:
            return ask(positions)
        first, end = bounds(n, self._transport.rank, self._transport.size)
        mine = np.zeros(n, np.float32)
        mine[first:end] = ask(positions[first:end]).numpy()
        whole = jt.array(mine).stop_grad()
        whole.sync(True)
        return self._transport.add(whole)
