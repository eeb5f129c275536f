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
from jnerf.ops.common import uniform
from jnerf.ops.surface_losses import eikonal
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

    def extent(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> float | jt.Var:
        """Samples where the field is a distance."""
        inside = render.extras.get("inside")
        return float(len(samples)) if inside is None else inside.sum()

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        """Mean over samples."""
        return self._weighted(render, batch, samples, 1.0)

    def _weighted(
        self, render: RenderOutput, batch: Batch, samples: RaySamples, weight: float
    ) -> jt.Var:
        """See ``Loss``."""
        return eikonal(render.extras["gradients"], render.extras.get("inside"), weight)


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
        self._low, self._size = box[:3], box[3:] - box[:3]
        self._n_points, self._seed = n_points, seed

    def of(self, network: Network, step: int) -> jt.Var:
        """Mean over points."""
        points, draws = np.arange(self._n_points)[:, None], np.arange(_DRAW, _DRAW + 3)[None]
        x = self._low + uniform(self._seed, step, points, draws) * self._size
        return eikonal(network.gradient(jt.array(x).stop_grad()))
