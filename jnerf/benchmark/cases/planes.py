"""Cases of tri-planes: lookups of the sizes of K-Planes' field and first proposal, and the planes' variation."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.plane_interp import PlaneLayout, plane_interp
from jnerf.ops.plane_variation import plane_variation
from jnerf.ops.ray_dots import ray_dots

_LAYOUTS = (
    PlaneLayout(),
    PlaneLayout((64, 128, 256), 16),
    PlaneLayout((64,), 8),
    PlaneLayout((33, 65, 129, 257), 4, "concat", True),
)


def _name(layout: PlaneLayout) -> str:
    scales = "+" if layout.summed else ", "
    return f"{scales.join(map(str, layout.resolutions))} x {layout.n_features}, {layout.combine}"


@CASES.of("plane_interp")
def _plane_interp(inputs: Inputs) -> Iterator[Case]:
    for layout in _LAYOUTS:
        table = random_var(layout.n_rows, layout.n_features)

        def run(table: jt.Var = table, layout: PlaneLayout = layout) -> list[jt.Var]:
            return with_gradient(plane_interp(inputs.positions, table, layout), [table])

        yield Case(_name(layout), "sample", inputs.n_samples, run)


@CASES.of("plane_variation")
def _plane_variation(inputs: Inputs) -> Iterator[Case]:
    layout = PlaneLayout()
    table = random_var(layout.n_rows, layout.n_features)

    def run() -> list[jt.Var]:
        value = plane_variation(table, layout)
        return [value, *jt.grad(value, [table])]

    yield Case(_name(layout), "parameter", layout.n_rows * layout.n_features, run)


@CASES.of("ray_dots")
def _ray_dots(inputs: Inputs) -> Iterator[Case]:
    n, groups, width = inputs.n_samples, 3, 32
    features, vectors = random_var(groups, n, width), random_var(inputs.n_rays, 3, groups * width)
    where = inputs.samples.ray_indices, inputs.samples.packed_info

    def run() -> list[jt.Var]:
        return with_gradient(ray_dots(features, vectors, *where), [features, vectors])

    yield Case(f"{groups} x {width}, 3 vectors of a ray", "sample", n, run)
