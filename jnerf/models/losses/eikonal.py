"""Losses that make a field a distance: its gradient has length 1.

Gropp et al. 2020 (https://arxiv.org/abs/2002.10099), equation 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.losses.base import FieldLoss, Loss
from jnerf.ops.background import background
from jnerf.ops.surface_losses import eikonal
from jnerf.ops.unit_box import unit_box
from jnerf.registry import LOSSES
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, RaySamples, RenderOutput

if TYPE_CHECKING:
    from jnerf.models.networks.base import Network

_DRAW = 192  # of a point: far from those of sampling, of the background and of total variation


@LOSSES.register()
class EikonalLoss(Loss):
    """(|gradient| - 1)^2 at the samples where the field is a distance.

    NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689) weighs it with 0.1.
    """

    requires = frozenset({"gradients"})
    takes_padding = True

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float | jt.Var:
        """Samples where the field is a distance."""
        inside = render.extras.get("inside")
        if samples.count is None:
            return float(len(samples)) if inside is None else inside.sum()
        if inside is None:
            return samples.count.float32().sum()
        return (inside.reshape((-1,)) * (jt.arange(len(samples)) < samples.count).float32()).sum()

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over samples."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        """See ``Loss``."""
        inside, count = render.extras.get("inside"), None if samples is None else samples.count
        return eikonal(render.extras["gradients"], inside, weight, count)


@LOSSES.register()
class EikonalFieldLoss(FieldLoss):
    """(|gradient| - 1)^2 at random points of the box, for samplers that leave empty space and insides alone.

    Args:
        n_points: drawn in each step.
        weight: factor of the loss, a number or a schedule.
        aabb: scene fact: (min xyz, max xyz), field units.
        seed: the run's seed.

    Raises:
        ConfigError: ``n_points`` is below 1.
    """

    requires_field = frozenset({"gradient"})

    def __init__(
        self,
        n_points: int = 4096,
        weight: Scheduled = 1.0,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        seed: int = 0,
    ) -> None:
        super().__init__(weight)
        if n_points < 1:
            raise ConfigError(f"EikonalFieldLoss: n_points is {n_points}; it must be at least 1")
        box = np.asarray(aabb, np.float32)
        size = box[3:] - box[:3]
        # low + u size, as the map of a box
        self._from, self._size = (jt.array(v).stop_grad() for v in (-box[:3] / size, size))
        self._n_points, self._seed = n_points, seed

    def of(self, network: Network, step: int) -> jt.Var:
        """Mean over points."""
        return self._mean(network, step, 1.0)

    def of_field(self, network: Network, step: int) -> jt.Var:
        """See ``FieldLoss``."""
        weight = self.weight(step)
        return self._mean(network, step, weight) if weight else super().of_field(network, step)

    def _mean(self, network: Network, step: int, weight: float) -> jt.Var:
        unit = background(self._n_points, None, self._seed, step, _DRAW)
        points = unit_box(unit, self._from, self._size)
        return eikonal(network.gradient(points), None, weight)
