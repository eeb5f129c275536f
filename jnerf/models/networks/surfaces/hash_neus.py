"""NeuS on a grid of features: two small fused MLPs, normals by differences of the distance.

NeuS (Wang et al. 2021, https://arxiv.org/abs/2106.10689) with the encoding of Instant-NGP (Müller et al. 2022,
https://arxiv.org/abs/2201.05989).
"""

from __future__ import annotations

from typing import Literal

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.networks.differences import TAPS, difference_gradient
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.space import make_space
from jnerf.models.networks.surfaces.sdf import HALO, SDFNetwork, opaque_density
from jnerf.ops.activate import activate
from jnerf.ops.distance_mlp import Distances, distance_mlp
from jnerf.ops.surface_inputs import surface_inputs
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_ORDER = "values", "normal", "x", "ray"  # of what the colour sees
_NO_CELLS = 1 / 512  # distance of the taps for encoders that have none to tell


@NETWORKS.register()
class HashNeuSNetwork(SDFNetwork):
    """Position and its encoding -> distance and features -> colour, given direction and normal.

    The distance's MLP has one hidden layer and starts as a sphere; its sums are fp32, since normals are differences of
    its output. Taps lie as far apart as the cells of the encoder's finest active level are wide.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of all hidden layers.
        color_layers: hidden layers of the colour MLP.
        geometry_features: outputs of the distance's MLP; the first is the distance.
        radius_init: of the sphere at the beginning; 1 is the ball that fits into the box.
        variance_init: v at the beginning; s is exp(10 v) per radius of the ball.
        halo: what grids of cells keep around the surface, radii of the ball.
        normals: "finite_differences", or "analytic": the exact derivative, for encoders that have one
            (``Encoder.pull``).
        n_taps: of the differences, 4 (a tetrahedron) or 6 (central differences).
        tap_distance: of the taps along each axis, in cells of the finest active level.
        seed: of the initial weights.
        precision: of the colour MLP's products: "auto", "fp32", "bf16" or "fp16".
        space: how positions reach the unit cube: "box", the scene's box as it is; "contraction_l2" or
            "contraction_linf", all of space with the box as its middle half.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = SDFNetwork.offers | {"pos_encoder"}

    def __init__(
        self,
        pos_encoder: jt.Module,
        dir_encoder: jt.Module | None,
        aabb: np.ndarray,
        hidden_width: int = 64,
        color_layers: int = 2,
        geometry_features: int = 16,
        radius_init: float = 0.5,
        variance_init: float = 0.3,
        halo: float = HALO,
        normals: Literal["finite_differences", "analytic"] = "finite_differences",
        n_taps: int = 4,
        tap_distance: float = 1.0,
        seed: int = 0,
        precision: str = "auto",
        space: Literal["box", "contraction_l2", "contraction_linf"] = "box",
    ) -> None:
        super().__init__(aabb, variance_init, halo)
        sizes = {
            "hidden_width": hidden_width,
            "color_layers": color_layers,
            "geometry_features": geometry_features,
        }
        for name, value in sizes.items():
            if value < 1:
                raise ConfigError(f"HashNeuSNetwork: {name} is {value}; it must be at least 1")
        if not 0 < radius_init < 1:
            raise ConfigError(
                f"HashNeuSNetwork: radius_init is {radius_init}; it must be in (0, 1)"
            )
        if normals not in ("finite_differences", "analytic"):
            raise ConfigError(
                f"HashNeuSNetwork: normals is {normals!r}; choose 'finite_differences' or 'analytic'"
            )
        if normals == "analytic" and pos_encoder.pull is None:
            raise ConfigError(
                f"HashNeuSNetwork: {type(pos_encoder).__name__} cannot be differentiated twice, which analytic normals "
                "need. Set network.normals to 'finite_differences'"
            )
        if n_taps not in TAPS or not tap_distance > 0:
            raise ConfigError(
                f"HashNeuSNetwork: n_taps is {n_taps} and tap_distance {tap_distance}; they must be one of "
                f"{', '.join(map(str, TAPS))}, and above 0"
            )
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._space = make_space(space, aabb)
        self._analytic = normals == "analytic"
        self._n_taps, self._tap_distance = n_taps, tap_distance
        widths = [pos_encoder.out_dim + 3, hidden_width, geometry_features]
        self.distance_mlp = MLP(widths, biased=True, seed=seed, precision="fp32")
        self.distance_mlp.params = jt.array(sphere_parameters(widths, radius_init, seed))
        n_dir = dir_encoder.out_dim if dir_encoder else 0
        hidden = [hidden_width] * color_layers
        widths = [geometry_features + n_dir + 6, *hidden, padded(3)]
        self.color_mlp = MLP(widths, 3, True, seed, stream=1, precision=precision)

    def sdf(self, positions: jt.Var) -> jt.Var:
        """Signed distances of positions [S, 3], field units: float32 [S]."""
        return self._distance(positions, self.pos_encoder(self._space(positions)))

    def sdf_and_features(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Signed distances, and the encoded positions where the encoder can take them back."""
        features = self.pos_encoder(self._space(positions))
        return self._distance(positions, features), features if self.pos_encoder.known else None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Distances, normals and colours of samples."""
        positions, of_ray = samples.positions, ()
        unit = self._space(positions)
        if samples.features is None:
            features = self.pos_encoder(unit)
        else:
            features = self.pos_encoder.known(unit, samples.features)
        found = self._mlp(positions, features, derived=self._analytic)
        normals = (
            self._derivative(positions, unit, features, found)
            if self._analytic
            else self._difference(positions)
        )
        if self.dir_encoder:
            of_ray = self.dir_encoder(samples.rays.rays_d), samples.ray_indices
        how = {"unit": True, "middle": self._ball.middle, "scale": 1 / self._ball.radius}
        geometry = found.sdf * (1 / self._ball.radius) if found.values is None else found.values
        seen = surface_inputs(positions, normals, geometry, *of_ray, order=_ORDER, **how)
        sharpness = self.sharpness()
        return FieldOutput(
            sigmas=opaque_density(found.sdf.reshape((-1,)), sharpness),
            rgbs=activate(self.color_mlp(seen), "sigmoid"),
            extras={"sdf": found.sdf, "normals": normals, "sharpness": sharpness},
        )

    def gradient(self, positions: jt.Var) -> jt.Var:
        """The distance's gradient at positions [S, 3]: float32 [S, 3]."""
        if not self._analytic:
            return self._difference(positions)
        unit = self._space(positions)
        features = self.pos_encoder(unit)
        found = self._mlp(positions, features, 1, derived=True)
        return self._derivative(positions, unit, features, found)

    @property
    def tap_distance(self) -> float:
        """Distance of the taps along each axis, field units."""
        return self._tap_distance * (self.pos_encoder.finest_cell or _NO_CELLS) * self._space.edge

    def _difference(self, positions: jt.Var) -> jt.Var:
        return difference_gradient(self.sdf, positions, self.tap_distance, self._n_taps)

    def _derivative(
        self, positions: jt.Var, unit: jt.Var, features: jt.Var, found: Distances
    ) -> jt.Var:
        """The distance's exact gradient [S, 3]: the MLP's by its input, pulled back through the encoding.

        Args:
            positions: field units, [S, 3].
            unit: the same in the unit cube.
            features: their encoding.
            found: what the MLP says of them.
        """
        pulled = self.pos_encoder.pull(unit, features, found.by_features)
        return self._space.pull(positions, pulled, self._ball.radius, found.by_x)

    def _distance(self, positions: jt.Var, features: jt.Var) -> jt.Var:
        return self._mlp(positions, features, 1).sdf.reshape((-1,))

    def _mlp(
        self, positions: jt.Var, features: jt.Var, n_out: int | None = None, derived: bool = False
    ) -> Distances:
        """Distances in field units, the first ``n_out`` outputs (all), and the distance's derivative."""
        mlp, radius = self.distance_mlp, self._ball.radius
        return distance_mlp(
            positions, features, mlp.params, mlp.widths, n_out, derived=derived,
            middle=self._ball.middle, scale=1 / radius, radius=radius,
        )  # fmt: skip


def sphere_parameters(widths: list[int], radius: float, seed: int) -> np.ndarray:
    """Parameters of an MLP with one hidden layer of ReLUs whose first output is |x| - radius.

    The mean of relu(u x) over directions u is |x| / 4. So the hidden units look in directions spread evenly over the
    sphere (a Fibonacci lattice) and are added with equal weights; the idea of Atzmon and Lipman 2020,
    https://arxiv.org/abs/1911.10414, who draw them at random, without their noise.

    Args:
        widths: inputs, of which x is the last three; hidden units; outputs.
        radius: of the sphere.
        seed: of all other weights, which start Xavier-uniform.

    Returns:
        Flat parameters as ``jnerf.ops.mlp`` has them, float32.
    """
    n_in, n_hidden, n_out = widths
    random = np.random.Generator(np.random.Philox(key=[seed, 3]))
    shapes = (n_hidden, n_in), (n_out, n_hidden)
    hidden, out = (random.uniform(-1, 1, s) * np.sqrt(6 / sum(s)) for s in shapes)
    hidden[:, -3:] = fibonacci_sphere(n_hidden)
    out[0] = 4 / n_hidden
    bias = np.zeros(n_out)
    bias[0] = -radius
    parts = [hidden.ravel(), np.zeros(n_hidden), out.ravel(), bias]
    return np.concatenate(parts).astype(np.float32)


def fibonacci_sphere(n: int) -> np.ndarray:
    """n directions spread evenly over the sphere, float64 [n, 3].

    >>> float(abs(fibonacci_sphere(100).mean(0)).max().round(2))
    0.0
    """
    i = np.arange(n) + 0.5
    z, angle = 1 - 2 * i / n, np.pi * (1 + 5**0.5) * i
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
