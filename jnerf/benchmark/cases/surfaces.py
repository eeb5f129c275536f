"""Cases of the ops of surfaces; the MLP has the sizes of NeuS."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.add_scaled import add_scaled
from jnerf.ops.distance_mlp import distance_mlp
from jnerf.ops.mlp.shape import layer_inputs, n_params
from jnerf.ops.normed_weights import normed_weights
from jnerf.ops.surface_density import density_along, surface_density
from jnerf.ops.surface_inputs import surface_inputs
from jnerf.ops.surface_losses import eikonal
from jnerf.ops.surface_rounds import Edges, SurfaceRounds

_WIDTHS, _SKIP = [39, 256, 256, 256, 217, 256, 256, 256, 256, 257], 4
_BALL = (0.5, 0.5, 0.5), 0.5


@CASES.of("distance_mlp")
def _distance_mlp(inputs: Inputs) -> Iterator[Case]:
    n = min(inputs.n_samples, 2**13)
    x, features = inputs.positions[:n].stop_grad(), random_var(n, 36).stop_grad()
    params = random_var(n_params(_WIDTHS, True, _SKIP), scale=0.06)
    jt.sync([x, features, params])

    def run() -> list[jt.Var]:
        how = {"skip": _SKIP, "beta": 100.0, "derived": True, "x_first": True}
        found = distance_mlp(x, features, params, _WIDTHS, **how)
        total = found.values.sum() + jt.sqr(found.by_x).sum()
        return [found.sdf, *jt.grad(total, [params])]

    flop = 2 * n_params(_WIDTHS, False, _SKIP)
    flops = {"distance_forward": 2 * flop, "distance_backward": 6 * flop}
    yield Case("eight layers of 256, with derivative", "sample", n, run, flops)


@CASES.of("normed_weights")
def _normed_weights(inputs: Inputs) -> Iterator[Case]:
    pairs = zip(layer_inputs(_WIDTHS, _SKIP), _WIDTHS[1:], strict=True)
    layers = [(random_var(o, i), random_var(o, 1), random_var(o)) for i, o in pairs]
    parts = [part for layer in layers for part in layer]
    jt.sync(parts)

    def run() -> list[jt.Var]:
        return with_gradient(normed_weights(layers), parts)

    yield Case("eight layers of 256", "parameter", n_params(_WIDTHS, True, _SKIP), run)


@CASES.of("surface_density")
def _surface_density(inputs: Inputs) -> Iterator[Case]:
    n, samples = inputs.n_samples, inputs.samples
    sdf, normals = random_var(n, 1, scale=0.02), random_var(n, 3)
    sharpness = jt.array(np.float32([[100]]))
    where = samples.t_starts, samples.t_ends

    def run() -> list[jt.Var]:
        field = sdf, normals, sharpness
        sigmas = surface_density(*field, *where, inputs.rays_d, samples.ray_indices)
        along = density_along(sdf.reshape((-1,)), sharpness, *where, samples.ray_indices)
        return [along, *with_gradient(sigmas, list(field))]

    yield Case("with normals, and without", "sample", n, run)


@CASES.of("surface_inputs")
def _surface_inputs(inputs: Inputs) -> Iterator[Case]:
    n = inputs.n_samples
    normals, values, of_ray = random_var(n, 3), random_var(n, 17), random_var(inputs.n_rays, 16)

    def run() -> list[jt.Var]:
        ray = of_ray, inputs.samples.ray_indices
        seen = surface_inputs(inputs.positions, normals, values, *ray, first=1, unit=True)
        return with_gradient(seen, [normals, values])

    yield Case("16 features", "sample", n, run)


@CASES.of("surface_losses")
def _surface_losses(inputs: Inputs) -> Iterator[Case]:
    gradients = random_var(inputs.n_samples, 3)

    def run() -> list[jt.Var]:
        return with_gradient(eikonal(gradients), [gradients])

    yield Case("eikonal", "sample", inputs.n_samples, run)


@CASES.of("surface_rounds")
def _surface_rounds(inputs: Inputs) -> Iterator[Case]:
    middle = jt.array(np.float32(_BALL[0])).stop_grad()
    rays = SurfaceRounds(inputs.rays_o, inputs.rays_d, *_BALL, step=1)

    def run() -> list[jt.Var]:
        even = rays.even(64)
        sdf = jt.sqrt(jt.sqr(even.positions - middle).sum(1)) - 0.25
        edges, drawn = rays.draw(Edges(even.t, sdf), None, None, 16, 64.0)
        found = rays.intervals(edges.t, drawn)
        return [found.t_starts, found.positions]

    yield Case("64 and 16 a ray", "ray", inputs.n_rays, run)


@CASES.of("add_scaled")
def _add_scaled(inputs: Inputs) -> Iterator[Case]:
    rows, factors = random_var(inputs.n_samples, 3), random_var(3)

    def run() -> list[jt.Var]:
        return with_gradient(add_scaled(rows, factors, inputs.positions), [rows])

    yield Case("three channels", "sample", inputs.n_samples, run)
