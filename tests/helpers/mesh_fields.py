"""Fields whose surfaces are known: balls, as a signed distance and as a density."""

from __future__ import annotations

from types import SimpleNamespace

import jittor as jt
import numpy as np

from jnerf.datasets.placement.similarity import Similarity
from jnerf.models.networks.base import Network
from jnerf.samplers.uniform import UniformSampler
from jnerf.structures import FieldOutput

UNIT_BOX = np.float32([0, 0, 0, 1, 1, 1])

# A quarter turn about z and a tilt, a scale, a shift: nothing that an axis or a unit could be taken for by mistake.
TURNED = Similarity(
    0.2,
    np.array([[0.0, -0.8, 0.6], [1.0, 0.0, 0.0], [0.0, 0.6, 0.8]]),
    (0.45, 0.5, 0.6),
)


class Ball(Network):
    """A ball of colour 0.5 + 0.5 n at the outward normal n, if it is looked at along -n; black from elsewhere.

    Attributes:
        asked: positions that were asked for a distance or density so far.
    """

    def __init__(self, middle=(0.5, 0.5, 0.5), radius=0.3) -> None:
        super().__init__()
        self.middle, self.radius, self.asked = np.float32(middle), radius, 0
        self.evaluating = False

    def eval(self) -> None:
        self.evaluating = True

    def distance(self, positions: jt.Var) -> jt.Var:
        self.asked += positions.shape[0]
        return (positions - self.middle).sqr().sum(1).sqrt() - self.radius

    def execute(self, samples) -> FieldOutput:
        outward = (samples.positions - self.middle) / self.radius
        facing = -(outward * samples.rays.rays_d).sum(1, keepdims=True)
        return FieldOutput(rgbs=(0.5 + 0.5 * outward) * (facing > 0.95).float32())


class SdfBall(Ball):
    """Answers ``sdf``, positive outside."""

    provides = frozenset({"rgbs", "sdf"})

    def sdf(self, positions: jt.Var) -> jt.Var:
        return self.distance(positions)


class DensityBall(Ball):
    """Answers ``density``: 100 on the surface, growing inwards as trained fields do."""

    def density(self, positions: jt.Var) -> jt.Var:
        return 100 * jt.exp(jt.minimum(-60 * self.distance(positions), 10.0))


def pipeline(network, transform=None, sampler=None, aabb=UNIT_BOX, **dataset) -> SimpleNamespace:
    """As much of a pipeline as extraction looks at."""
    found = {"transform": transform or Similarity(), "cameras": None, "sphere": None, **dataset}
    modules = {"sampler": sampler or UniformSampler(), "network": network, "ema": None}
    facts = {"aabb": aabb, "n_dims": 3}
    return SimpleNamespace(dataset=SimpleNamespace(**found), facts=facts, **modules)
