"""Cases of ops on rays: marching, visibility, points, gathering, compositing."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.inputs import RESOLUTION, Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.encoders.directions import icosahedron
from jnerf.ops.background import background
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.composite import composite
from jnerf.ops.draw_pixels import draw_pixels
from jnerf.ops.expose import expose
from jnerf.ops.frustum_gaussians import frustum_gaussians
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.leading_rows import leading_rows
from jnerf.ops.move_rays import move_rays
from jnerf.ops.photometric import photometric
from jnerf.ops.project_gaussians import project_gaussians
from jnerf.ops.ray_march import ray_march
from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_resample import ray_resample
from jnerf.ops.ray_uniform import ray_uniform
from jnerf.ops.ray_visible import padded_windows, ray_visible, ray_visible_padded
from jnerf.ops.scale_rows import scale_rows
from jnerf.ops.unit_box import unit_box
from jnerf.ops.weighted_sum import weighted_sum

_DENSITY = 60.0  # of the samples: a ray is opaque after about a hundred steps of sqrt(3) / 1024

_BALL = (0.3, 0.3, 0.3, 0.7, 0.7, 0.7)  # a box that many samples lie outside of


def _parts(intervals: PackedIntervals) -> list[jt.Var]:
    return [intervals.t_starts, intervals.t_ends, intervals.ray_indices, intervals.packed_info]


@CASES.of("ray_march")
def _ray_march(inputs: Inputs) -> Iterator[Case]:
    bits, blocks = inputs.bitfield.bits, inputs.bitfield.blocks

    def run() -> list[jt.Var]:
        found = ray_march(inputs.rays_o, inputs.rays_d, bits, blocks, inputs.rule, RESOLUTION, 0, 1)
        return _parts(found)

    yield Case(f"{inputs.n_rays} rays", "sample", inputs.n_samples, run)


@CASES.of("ray_visible")
def _ray_visible(inputs: Inputs) -> Iterator[Case]:
    bits, blocks = inputs.bitfield.bits, inputs.bitfield.blocks

    def look(positions: jt.Var, *intervals: jt.Var) -> tuple[jt.Var, jt.Var]:
        n = positions.shape[0]
        return jt.ones((n,)) * _DENSITY, jt.ones((16, n, 2))

    where = inputs.rays_o, inputs.rays_d, bits, blocks, inputs.rule, RESOLUTION, look

    def run() -> list[jt.Var]:
        found = ray_visible(*where, seed=0, step=1)
        return [*_parts(found.intervals), found.features]

    yield Case(f"{inputs.n_rays} rays, 32 features", "sample", inputs.n_samples, run)
    longest = inputs.rule.max_samples_per_ray
    rows = max(inputs.n_samples, longest)

    def run_padded() -> list[jt.Var]:
        looks = [rows] * len(padded_windows(longest))
        found = ray_visible_padded(*where, looks, rows, seed=0, step=1)
        return [found.t_starts, found.packed_info, found.features, found.state]

    yield Case(f"{inputs.n_rays} rays, fixed sizes", "sample", inputs.n_samples, run_padded)


@CASES.of("leading_rows")
def _leading_rows(inputs: Inputs) -> Iterator[Case]:
    arrays = [inputs.rays_o, inputs.rays_d]
    n = inputs.n_rays // 2
    yield Case("origins and directions", "ray", n, lambda: leading_rows(arrays, n))


@CASES.of("ray_points")
def _ray_points(inputs: Inputs) -> Iterator[Case]:
    where = _parts(inputs.samples)[:3]
    yield Case(
        "", "sample", inputs.n_samples, lambda: [ray_points(inputs.rays_o, inputs.rays_d, *where)]
    )
    rays = [(v + 0.0) for v in (inputs.rays_o, inputs.rays_d)]
    packed = inputs.samples.packed_info
    yield Case(
        "trained rays",
        "sample",
        inputs.n_samples,
        lambda: with_gradient(ray_points(*rays, *where, packed), rays),
    )


@CASES.of("ray_uniform")
def _ray_uniform(inputs: Inputs) -> Iterator[Case]:
    n_rays = max(1, inputs.n_samples // 64)
    rays = inputs.rays_o[:n_rays].stop_grad(), inputs.rays_d[:n_rays].stop_grad()
    box = [float(x) for x in inputs.dataset.aabb]

    def run() -> list[jt.Var]:
        return _parts(ray_uniform(*rays, box, inputs.rule.near, inputs.rule.far, 64, 0, 1))

    yield Case("64 per ray", "sample", n_rays * 64, run)


@CASES.of("ray_resample")
def _ray_resample(inputs: Inputs) -> Iterator[Case]:
    n_rays = max(1, inputs.n_samples // 192)
    rays = inputs.rays_o[:n_rays].stop_grad(), inputs.rays_d[:n_rays].stop_grad()
    box = [float(x) for x in inputs.dataset.aabb]
    coarse = ray_uniform(*rays, box, inputs.rule.near, inputs.rule.far, 64)
    weights = jt.sin(jt.arange(len(coarse)).float32() * 0.1) ** 2.0
    where = coarse.t_starts, coarse.t_ends, weights.stop_grad(), coarse.packed_info

    def run() -> list[jt.Var]:
        return _parts(ray_resample(*where, 128, merge=True, padding=1e-5, step=1))

    yield Case("64 + 128 per ray", "sample", len(coarse) * 3, run)


@CASES.of("frustum_gaussians")
def _frustum_gaussians(inputs: Inputs) -> Iterator[Case]:
    where = _parts(inputs.samples)[:3]
    radii = jt.ones((inputs.n_rays, 1)) * 5e-4

    def run() -> list[jt.Var]:
        return list(frustum_gaussians(inputs.rays_o, inputs.rays_d, radii, *where))

    yield Case("", "sample", inputs.n_samples, run)


@CASES.of("project_gaussians")
def _project_gaussians(inputs: Inputs) -> Iterator[Case]:
    where = _parts(inputs.samples)[:3]
    radii, directions = jt.ones((inputs.n_rays, 1)) * 5e-4, jt.array(icosahedron()).stop_grad()

    def run() -> list[jt.Var]:
        given = inputs.rays_o, inputs.rays_d, radii, *where, directions
        return list(project_gaussians(*given, _BALL, "l2"))

    yield Case("21 directions", "sample", inputs.n_samples, run)


@CASES.of("gather_rays")
def _gather_rays(inputs: Inputs) -> Iterator[Case]:
    rows = jt.ones((inputs.n_rays, 16))
    _, _, ray_indices, packed_info = _parts(inputs.samples)
    yield Case(
        "16 channels",
        "sample",
        inputs.n_samples,
        lambda: with_gradient(gather_rays(rows, ray_indices, packed_info), [rows]),
    )


@CASES.of("camera_rays")
def _camera_rays(inputs: Inputs) -> Iterator[Case]:
    cameras, n = inputs.dataset.cameras, 2**16
    pixels = inputs.dataset.draw_pixels(n, 0)
    yield Case("pinhole", "ray", n, lambda: list(cameras.rays(*pixels)))


@CASES.of("move_rays")
def _move_rays(inputs: Inputs) -> Iterator[Case]:
    images, n = 60, 2**16
    twists = jt.ones((images, 6)) * 1e-2
    rays_o, rays_d = jt.ones((n, 3)).stop_grad(), (jt.ones((n, 3)) * 3**-0.5).stop_grad()
    of = (jt.arange(n) % images).int32().stop_grad()

    def run() -> list[jt.Var]:
        moved = move_rays(twists, rays_o, rays_d, of, "se3", (0.5, 0.5, 0.5))
        return [*moved, *with_gradient(moved[0] + moved[1], [twists])[1:]]

    yield Case(f"{images} cameras", "ray", n, run)


@CASES.of("expose")
def _expose(inputs: Inputs) -> Iterator[Case]:
    images, n = 60, 2**16
    colors, opacities = jt.ones((n, 3)) * 0.5, jt.ones((n, 1)) * 0.9
    behind, rgba = jt.ones((n, 3)).stop_grad(), (jt.ones((n, 4)) * 0.5).stop_grad()
    stops = jt.ones((images, 3)) * 0.1
    of = (jt.arange(n) % images).int32().stop_grad()

    def run() -> list[jt.Var]:
        found = expose(colors, opacities, behind, rgba, stops, of)
        return [found, *with_gradient(found, [colors, opacities, stops])[1:]]

    yield Case(f"{images} images", "ray", n, run)


@CASES.of("draw_pixels")
def _draw_pixels(inputs: Inputs) -> Iterator[Case]:
    sizes = inputs.dataset.cameras.sizes
    windows = jt.array(np.concatenate([np.zeros_like(sizes), sizes], axis=1))
    n = 2**16
    yield Case(
        f"{len(sizes)} images", "ray", n, lambda: list(draw_pixels(n, windows, 3, 0, 1, (0, 1)))
    )


@CASES.of("unit_box")
def _unit_box(inputs: Inputs) -> Iterator[Case]:
    x = ray_points(inputs.rays_o, inputs.rays_d, *_parts(inputs.samples)[:3])
    box = jt.array(np.float32([-1.5] * 3)), jt.array(np.float32([0.25] * 3))
    yield Case("", "sample", inputs.n_samples, lambda: [unit_box(x, *box)])


@CASES.of("pixel_rays")
def _pixel_rays(inputs: Inputs) -> Iterator[Case]:
    dataset, n = inputs.dataset, 2**16
    yield Case(f"{dataset.n_images} images", "ray", n, lambda: [dataset.sample(n, 0).rays.rays_d])


@CASES.of("background")
def _background(inputs: Inputs) -> Iterator[Case]:
    n = 2**16
    yield Case("random", "ray", n, lambda: [background(n, None, 0, 1, 64)])


@CASES.of("photometric")
def _photometric(inputs: Inputs) -> Iterator[Case]:
    n = 2**16
    colors, rgba = jt.ones((n, 3)) * 0.4, (jt.ones((n, 4)) * 0.5).stop_grad()
    behind = (jt.ones((n, 3)) * 0.1).stop_grad()

    def run() -> list[jt.Var]:
        return with_gradient(photometric(colors, rgba, behind, None, "huber"), [colors])

    yield Case("huber", "ray", n, run)


@CASES.of("scale_rows")
def _scale_rows(inputs: Inputs) -> Iterator[Case]:
    n = 2**16
    rows, factors = jt.ones((n, 4)), jt.ones((n, 1))
    yield Case("four channels", "ray", n, lambda: [scale_rows(rows, factors)])


@CASES.of("weighted_sum")
def _weighted_sum(inputs: Inputs) -> Iterator[Case]:
    n = 2**16
    arrays = [jt.ones((n,)), jt.ones((n,))]

    def run() -> list[jt.Var]:
        total = weighted_sum(arrays, [1.0, 0.5])
        return [total, *jt.grad(total, arrays)]

    yield Case("of two arrays", "ray", n, run)


@CASES.of("composite")
def _composite(inputs: Inputs) -> Iterator[Case]:
    n, n_rays = inputs.n_samples, inputs.n_rays
    sigmas, rgbs = jt.ones((n,)) * _DENSITY, jt.ones((n, 3)) * 0.5
    t_starts, t_ends, _, packed_info = _parts(inputs.samples)
    background = jt.ones((n_rays, 3)).stop_grad()

    def run() -> list[jt.Var]:
        found = composite(sigmas, rgbs, t_starts, t_ends, packed_info, background)
        return with_gradient(found.colors, [sigmas, rgbs])

    yield Case(f"{n_rays} rays", "sample", n, run)
