"""A loss of a voxel grid itself: neighbouring voxels shall be alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.losses.base import FieldLoss
from jnerf.ops.common import uniform
from jnerf.ops.common.constants import zero
from jnerf.ops.voxel_variation import voxel_variation
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network

_DRAW = 132  # of the first voxel, for each kind of rows; the box points of TotalVariationLoss take 128 to 130
_KINDS = ("density", "sh")


@LOSSES.register()
class VoxelVariationLoss(FieldLoss):
    """Total variation of the rows of a voxel grid (Plenoxels, Fridovich-Keil et al. 2022, section 3.5).

    ``sum_j sqrt(dx_j^2 + dy_j^2 + dz_j^2)``, differences to the next voxel in units of 1/256 of the box, mean over a
    share of the voxels that lie next to one another in memory, from a random one on.

    Args:
        of_rows: "density" or "sh".
        share: of the voxels, each time, in (0, 1].
        every: steps from one time to the next; the loss is zero in between. A share of 0.08 every 8 steps costs much
            less than 0.01 in each, and meets each voxel as often, each time with an eighth of the weight.
        weight: factor of the loss, a number or a schedule.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires_field = frozenset({"voxels"})

    def __init__(
        self,
        of_rows: Literal["density", "sh"] = "density",
        share: float = 0.01,
        every: int = 1,
        weight: Scheduled = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(weight)
        if of_rows not in _KINDS:
            raise ConfigError(
                f"VoxelVariationLoss: of_rows is {of_rows!r}; choose {' or '.join(_KINDS)}"
            )
        if not 0 < share <= 1 or every < 1:
            raise ConfigError(
                f"VoxelVariationLoss: share is {share} and every {every}; they must be in (0, 1], and at least 1"
            )
        self._kind, self._share, self._every, self._seed = of_rows, share, every, seed

    def of_field(self, network: Network, step: int) -> jt.Var:
        """The weighted loss at a step, a scalar; zero in the steps between."""
        return super().of_field(network, step) if step % self._every == 0 else zero()

    def of(self, network: Network, step: int) -> jt.Var:
        """Mean over the chosen voxels, sum over their channels."""
        return self._weighted_of(network, step, 1.0)

    def _weighted_of(self, network: Network, step: int, weight: float) -> jt.Var:
        layout = network.layout
        draw = _DRAW + _KINDS.index(self._kind)
        first = int(float(uniform(self._seed, step, 0, draw)) * layout.n_rows)
        count = max(1, round(self._share * layout.n_rows))
        first = min(first, layout.n_rows - 1)
        return voxel_variation(network.voxels[self._kind], layout, first, count, weight)
