"""The network of NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689, section 3.4 and appendix)."""

from __future__ import annotations

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.models.networks.base import trainable
from jnerf.models.networks.distance_mlp import DistanceMLP
from jnerf.models.networks.normed_layers import NormedMLP
from jnerf.models.networks.space import Box
from jnerf.models.networks.surfaces.outside import OutsideField
from jnerf.models.networks.surfaces.sdf import HALO, SDFNetwork, opaque_density
from jnerf.ops.activate import activate
from jnerf.ops.distance_mlp import Distances
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.surface_inputs import surface_inputs
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_FAR = 1.0  # distance given to samples of the background, in radii of the ball: nothing is there


@NETWORKS.register()
class NeuSNetwork(SDFNetwork):
    """Position -> distance and features -> colour, given position, direction and normal; two MLPs.

    The normal is the distance's exact derivative, and losses of it train the weights. With a background, samples
    outside the ball of the object are asked of a second field (NeRF++), and channels ``inside`` [S, 1] and ``outside``
    [S, 1], the density there, come on top.

    Args:
        pos_encoder: encodes positions in [0, 1]^3; one that can be pulled back (``Encoder.pull``). The position itself
            comes first in any case, from -1 to 1 in the ball.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of all hidden layers.
        n_layers: hidden layers of the distance's MLP.
        skip: its input is appended again behind this many layers; None: it is not.
        color_layers: hidden layers of the colour MLP.
        geometry_features: outputs behind the distance.
        radius_init: of the sphere at the beginning; 1 is the ball that fits into the box.
        variance_init: v at the beginning; s is exp(10 v) per radius of the ball.
        halo: what grids of cells keep around the surface, radii of the ball.
        weight_norm: weight normalisation in both MLPs.
        background: with a field outside the ball.
        background_width: of its layers.
        background_layers: of its trunk.
        seed: of the initial weights.
        precision: of the products of colour MLP and background: "auto", "fp32", "bf16" or "fp16".

    Raises:
        ConfigError: a value is out of its range, or the encoder cannot be pulled back.
    """

    optional = {"inside": "background=True", "outside": "background=True"}

    def __init__(
        self,
        pos_encoder: jt.Module,
        dir_encoder: jt.Module | None,
        aabb: np.ndarray,
        hidden_width: int = 256,
        n_layers: int = 8,
        skip: int | None = 4,
        color_layers: int = 4,
        geometry_features: int = 256,
        radius_init: float = 0.5,
        variance_init: float = 0.3,
        halo: float = HALO,
        weight_norm: bool = True,
        background: bool = False,
        background_width: int = 256,
        background_layers: int = 8,
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__(aabb, variance_init, halo)
        n_in = pos_encoder.out_dim + 3
        why = "(the input is appended at the skip)"
        at_least(
            "NeuSNetwork",
            hidden_width=(hidden_width, 1 if skip is None else n_in + 1, why),
            n_layers=(n_layers, 1),
            color_layers=(color_layers, 1),
            geometry_features=(geometry_features, 1),
            background_width=(background_width, 2),
            background_layers=(background_layers, 2),
        )
        if skip is not None and not 1 <= skip < n_layers:
            raise ConfigError(
                f"NeuSNetwork: skip is {skip}; it must be None or in 1 .. n_layers - 1 = {n_layers - 1}"
            )
        if not 0 < radius_init < 1:
            raise ConfigError(f"NeuSNetwork: radius_init is {radius_init}; it must be in (0, 1)")
        if pos_encoder.pull is None:
            raise ConfigError(
                f"NeuSNetwork: {type(pos_encoder).__name__} cannot be differentiated twice, which exact normals need. "
                "Choose FrequencyEncoder, or a network of type HashNeuSNetwork, whose normals are differences"
            )
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._learned = bool(trainable(pos_encoder))
        self._box = Box(aabb)
        self.distance_mlp = DistanceMLP(
            pos_encoder.out_dim, hidden_width, n_layers, skip, geometry_features, radius_init,
            self._ball.middle, self._ball.radius, normed=weight_norm, seed=seed,
        )  # fmt: skip
        n_dir = dir_encoder.out_dim if dir_encoder else 0
        widths = [6 + n_dir + geometry_features] + [hidden_width] * color_layers + [3]
        self.color_mlp = NormedMLP(widths, weight_norm, seed, 1, precision)
        self.outside = None
        if background:
            half = background_layers // 2
            size = background_width, background_layers, half
            self.outside = OutsideField(*size, seed, precision)
            self.provides = SDFNetwork.provides | {"inside", "outside"}

    def sdf(self, positions: jt.Var) -> jt.Var:
        """Signed distances of positions [S, 3], field units: float32 [S]."""
        features = self._encoded(self._box(positions))
        return self.distance_mlp(positions, features, n_out=1).sdf.reshape((-1,))

    def density(self, positions: jt.Var) -> jt.Var:
        """See ``SDFNetwork``; here and below, what lies outside the ball is the background's."""
        return self._with_background(positions, super().density(positions))

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """See ``SDFNetwork``."""
        return self._with_background(positions, super().density_nearby(positions))

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """See ``Network``."""
        sigmas, features = super().look(positions)
        return self._with_background(positions, sigmas), features

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """See ``SDFNetwork``."""
        sigmas, features = super().look_along(positions, t_starts, t_ends, ray_indices)
        return self._with_background(positions, sigmas), features

    def _with_background(self, positions: jt.Var, sigmas: jt.Var) -> jt.Var:
        """The surface's densities [S], and in their place the background's outside the ball."""
        if self.outside is None:
            return sigmas
        x = self._ball(positions)
        there = np.flatnonzero(~_is_inside(x))
        if not len(there):
            return sigmas
        around = self.outside.density(x[jt.array(there)]) * (1 / self._ball.radius)
        places = np.arange(len(positions))
        places[there] = len(places) + np.arange(len(there))
        return jt.concat([sigmas, around])[jt.array(places)]

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """See ``Network``; with a background what lies outside the ball is that field's."""
        if self.outside is None:
            return super().density_of(samples)
        return self.execute(samples).sigmas, None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Distances, normals and colours of samples."""
        positions, indices = samples.positions, samples.ray_indices
        sharpness = self.sharpness()
        if self.outside is None:
            sdf, normals, rgbs = self._object(positions, samples.rays.rays_d, indices)
            extras = {}
        else:
            directions = gather_rays(samples.rays.rays_d, indices, samples.packed_info)
            sdf, normals, rgbs, extras = self._object_and_background(positions, directions)
        extras |= {"sdf": sdf, "normals": normals, "sharpness": sharpness}
        sigmas = opaque_density(sdf.reshape((-1,)), sharpness)
        if self.outside is not None:
            sigmas = sigmas * extras["inside"].reshape(-1) + extras["outside"].reshape(-1)
        return FieldOutput(sigmas=sigmas, rgbs=rgbs, extras=extras)

    def _encoded(self, unit: jt.Var) -> jt.Var:
        """Encoded positions of the unit box; constants where the encoder learns nothing."""
        features = self.pos_encoder(unit)
        return features if self._learned else features.stop_grad()

    def gradient(self, positions: jt.Var) -> jt.Var:
        """The distance's gradient at positions [S, 3]: float32 [S, 3]."""
        return self._distances(positions, n_out=1)[1]

    def _distances(self, positions: jt.Var, n_out: int | None = None) -> tuple[Distances, jt.Var]:
        """What the MLP says, and the distance's gradient [S, 3]."""
        unit = self._box(positions)
        features = self._encoded(unit)
        found = self.distance_mlp(positions, features, n_out, derived=True)
        # features are of the box, [0, 1] along each edge, x is of the ball
        pulled = self.pos_encoder.pull(unit, features, found.by_features)
        return found, self._box.pull(positions, pulled, self._ball.radius, found.by_x)

    def _object(
        self, positions: jt.Var, rays_d: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var, jt.Var]:
        """Distances [S, 1], normals [S, 3] and colours [S, 3] of the object, seen along these rays."""
        found, normals = self._distances(positions)
        of_ray = (self.dir_encoder(rays_d), ray_indices) if self.dir_encoder else ()
        how = {"first": 1, "middle": self._ball.middle, "scale": 1 / self._ball.radius}
        seen = surface_inputs(positions, normals, found.values, *of_ray, **how)
        return found.sdf, normals, activate(self.color_mlp(seen), "sigmoid")

    def _object_and_background(
        self, positions: jt.Var, directions: jt.Var
    ) -> tuple[jt.Var, jt.Var, jt.Var, dict[str, jt.Var]]:
        """The same, and ``inside`` and ``outside``; each field is asked of its own samples alone."""
        x = self._ball(positions)
        is_inside = _is_inside(x)
        # A field without a sample of its own gets one whose result no one takes.
        here, there = (np.flatnonzero(v) for v in (is_inside, ~is_inside))
        rows = [jt.array(v if len(v) else np.zeros(1, np.int64)) for v in (here, there)]
        own = jt.arange(len(rows[0]))  # each sample has a direction of its own
        seen = positions[rows[0]].stop_grad(), directions[rows[0]].stop_grad(), own
        sdf, normals, rgbs = self._object(*seen)
        sigmas, colors = self.outside(x[rows[1]].stop_grad(), directions[rows[1]].stop_grad())
        n_here, n_there = sdf.shape[0], sigmas.shape[0]
        places = np.empty(len(is_inside), np.int64)
        places[here], places[there] = np.arange(len(here)), n_here + np.arange(len(there))
        places = jt.array(places)

        def joined(inner: jt.Var, outer: jt.Var) -> jt.Var:
            return jt.concat([inner, outer], dim=0)[places]

        inside = jt.array(is_inside.astype(np.float32)[:, None]).stop_grad()
        nowhere = jt.zeros((n_there, 1)) + _FAR * self._ball.radius
        outside = (sigmas * (1 / self._ball.radius)).reshape(-1, 1)
        extras = {"inside": inside, "outside": joined(jt.zeros((n_here, 1)), outside)}
        sdf = joined(sdf, nowhere)
        return sdf, joined(normals, jt.zeros((n_there, 3))), joined(rgbs, colors), extras


def _is_inside(x: jt.Var) -> NDArray[np.bool_]:
    """Which points of the ball's frame [S, 3] lie in it, bool [S]; waits for the device."""
    return ((x * x).sum(1) < 1).numpy()
