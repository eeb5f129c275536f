"""Losses of low-rank grids themselves: few large values, and neighbours that are alike (TensoRF, section 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import jittor as jt

from jnerf.encoders.factors import FactorEncoder
from jnerf.errors import ConfigError
from jnerf.models.losses.base import FieldLoss
from jnerf.ops.weighted_sum import weighted_sum
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network

_KINDS = ("density", "color")


class _FactorLoss(FieldLoss):
    """Base of losses of one of a network's grids."""

    requires_field = frozenset({"factors"})

    def __init__(
        self, of_factors: Literal["density", "color"] = "density", weight: Scheduled = 1.0
    ) -> None:
        super().__init__(weight)
        if of_factors not in _KINDS:
            raise ConfigError(
                f"{type(self).__name__}: of_factors is {of_factors!r}; choose {' or '.join(_KINDS)}"
            )
        self._kind = of_factors

    def grid(self, network: Network) -> FactorEncoder:
        """The grid that the loss is of."""
        return network.factors[self._kind]


@LOSSES.register()
class FactorL1Loss(_FactorLoss):
    """Mean absolute value of each table, summed over the tables: a grid that says nothing where nothing is seen.

    Args:
        of_factors: "density" or "color".
        weight: factor of the loss, a number or a schedule.

    Raises:
        ConfigError: there are no such factors.
    """

    def of(self, network: Network, step: int) -> jt.Var:
        """See the class."""
        return self._weighted_of(network, step, 1.0)

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        tables = self.grid(network).values()
        shares = [weight / table.numel() for table in tables]
        return weighted_sum(tables, shares, kinds="magnitude")


@LOSSES.register()
class FactorVariationLoss(_FactorLoss):
    """Squared differences of neighbouring vertices, ``2 (mean dx^2 + mean dy^2)``, summed over the tables.

    Of grids with planes the lines are left out; where there are lines alone, it is of these. The published code has a
    factor of 1e-2 for planes and of 1e-3 for lines inside, which belongs into ``weight`` here, and weighs the loss with
    the fall of the learning rate, without its restarts.

    Args:
        of_factors: "density" or "color".
        weight: factor of the loss, a number or a schedule.

    Raises:
        ConfigError: there are no such factors.
    """

    def of(self, network: Network, step: int) -> jt.Var:
        """See the class."""
        tables = self.grid(network).values()
        most = max(table.ndim for table in tables)
        return 2 * sum(_variation(table) for table in tables if table.ndim == most)


def _variation(table: jt.Var) -> jt.Var:
    """Mean squared difference of neighbours, summed over the axes of a table; its features are no axis."""
    if table.ndim == 2:
        return jt.sqr(table[1:] - table[:-1]).mean()
    return jt.sqr(table[1:] - table[:-1]).mean() + jt.sqr(table[:, 1:] - table[:, :-1]).mean()
