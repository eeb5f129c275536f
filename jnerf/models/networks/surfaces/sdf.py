"""What every network of signed distances is: a surface with a sharpness, which samplers may take for a density.

NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689). The object lies in the ball that just fits into the scene's
box; the networks inside see it as the unit ball, where the paper's numbers hold, and all that leaves is in field units.
"""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.ops.surface_density import density_along, sharpness_of

#: Radii of the ball by which a surface counts as thicker for grids: 1.6 cells of 128 along the ball's diameter.
HALO = 0.025
_SHARPEST = 1e6  # per radius of the ball, as in NeuS's published code


class Ball:
    """The ball that just fits into a box, as the unit ball.

    Args:
        aabb: (min x y z, max x y z), float32 [6], field units.

    Attributes:
        radius: of the ball, field units.
        middle: its centre, float32 [3].
    """

    def __init__(self, aabb: np.ndarray) -> None:
        aabb = np.asarray(aabb, dtype=np.float32)
        self.radius = float((aabb[3:] - aabb[:3]).min()) / 2
        self.middle = (aabb[:3] + aabb[3:]) / 2
        self._middle = jt.array(self.middle).stop_grad()

    def __call__(self, positions: jt.Var) -> jt.Var:
        """[S, 3] field units -> [S, 3], of length below 1 inside the ball."""
        unit = (positions - self._middle) * (1 / self.radius)
        return unit.stop_grad() if positions.is_stop_grad() else unit


class SDFNetwork(Network):
    """Base of networks of signed distances, positive outside; subclasses define ``sdf`` and ``execute``.

    Channels of its output: ``sdf`` [S, 1], field units; ``normals`` [S, 3], the distance's gradient as it is, of
    length 1 only where training made it so; ``sharpness`` [1, 1], the s of the paper's logistic function, per field
    unit; ``sigmas``, the density of ``opaque_density``, so that every sampler and renderer of densities works.

    Args:
        aabb: the scene's box, float32 [6].
        variance_init: v at the beginning; s is exp(10 v) per radius of the ball.
        halo: see ``density_nearby``; radii of the ball.

    Raises:
        ConfigError: ``variance_init`` is not in -1 .. 1, or ``halo`` is negative.
    """

    provides = frozenset({"sigmas", "rgbs", "sdf", "normals", "sharpness"})
    offers = frozenset({"gradient"})
    trains_rays = False  # normals are derivatives by positions: theirs would be second ones

    def __init__(self, aabb: np.ndarray, variance_init: float = 0.3, halo: float = HALO) -> None:
        super().__init__()
        if not -1 <= variance_init <= 1:
            raise ConfigError(
                f"{type(self).__name__}: variance_init is {variance_init}; it must be in -1 .. 1 (s is exp(10 v))"
            )
        if not halo >= 0:
            raise ConfigError(f"{type(self).__name__}: halo is {halo}; it must be at least 0")
        self._ball = Ball(aabb)
        self._halo = halo * self._ball.radius
        self.variance = jt.array(np.float32([variance_init]))

    def sharpness(self) -> jt.Var:
        """s per field unit, float32 [1, 1]."""
        return sharpness_of(self.variance, _SHARPEST, self._ball.radius)

    @property
    def stats(self) -> dict[str, float]:
        """The sharpness s, per radius of the ball."""
        return {"sharpness": float(self.sharpness().item()) * self._ball.radius}

    def density(self, positions: jt.Var) -> jt.Var:
        """The density that makes the surface opaque to rays that meet it head-on: float32 [S]."""
        return opaque_density(self.sdf(positions), self.sharpness())

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """The density of a surface that lies ``halo`` further out: float32 [S].

        However sharp the surface is, all cells that far around it keep their samples, so that it may move, and so that
        the losses see the distance on both of its sides.
        """
        return opaque_density(self.sdf(positions) - self._halo, self.sharpness())

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """``density``, and what ``execute`` can use again; see ``Network.look``."""
        sdf, features = self.sdf_and_features(positions)
        return opaque_density(sdf, self.sharpness()), features

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """Density by which the distance falls along each ray, as it is rendered; see ``Network.look_along``.

        That of ``opaque_density`` would end rays that graze a surface long before the surface is opaque to them.
        """
        sdf, features = self.sdf_and_features(positions)
        return density_along(sdf, self.sharpness(), t_starts, t_ends, ray_indices), features

    def sdf_and_features(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Signed distances [S], and what ``execute`` can use again; see ``Network.look``."""
        return self.sdf(positions), None

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The variance is a part of its own: it may want another learning rate."""
        rest = [p for p in super().param_groups()[""] if p is not self.variance]
        return {"": rest, "variance": [self.variance]}


def opaque_density(sdf: jt.Var, sharpness: jt.Var) -> jt.Var:
    """Density of a surface for a ray that meets it head-on (NeuS, equation 10 with cosine -1).

    -(dPhi(f) / dt) / Phi(f) = s (1 - Phi(f)) for f = -t, with the logistic function Phi of sharpness s.

    Args:
        sdf: signed distances f, float32 [S].
        sharpness: s, float32 [1] or [1, 1].

    Returns:
        float32 [S]: s well inside, s / 2 on the surface, nearly 0 outside.
    """
    sharpness = sharpness.reshape((1,))
    return sharpness * jt.sigmoid(-sharpness * sdf)
