"""Cases of points with a width: where they lie, lookups of the sizes of Zip-NeRF's grids, how large levels are."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.cone_points import cone_points
from jnerf.ops.hash_encode import HashGridLayout
from jnerf.ops.level_squares import level_squares
from jnerf.ops.multisample_encode import multisample_encode

_BOX = np.float32([0, 0, 0, 1, 1, 1])
_LAYOUTS = (
    HashGridLayout(6, 1, 2**21, 16, 512, centred=True),
    HashGridLayout(10, 4, 2**21, 16, 8192, centred=True),
    HashGridLayout(8, 4, 2**17, 16, 2048, centred=True),
)


def _points(inputs: Inputs) -> tuple[jt.Var, jt.Var]:
    """Six points in each of the samples, which are pieces of cones of 1/800 of a view."""
    radii = jt.full((inputs.n_rays, 1), 1e-3).stop_grad()
    samples = inputs.samples
    where = samples.t_starts, samples.t_ends, samples.ray_indices, samples.packed_info
    return cone_points(inputs.rays_o, inputs.rays_d, radii, *where, _BOX, "l2", step=1)


@CASES.of("cone_points")
def _cone_points(inputs: Inputs) -> Iterator[Case]:
    yield Case("6 of each, contracted", "sample", inputs.n_samples, lambda: list(_points(inputs)))


@CASES.of("multisample_encode")
def _multisample_encode(inputs: Inputs) -> Iterator[Case]:
    points, widths = _points(inputs)
    for layout in _LAYOUTS:
        table = random_var(layout.n_rows, layout.n_features)
        sizes = jt.ones((layout.n_levels,)).stop_grad()
        grid = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad(), layout

        def run(table: jt.Var = table, grid: tuple = grid, sizes: jt.Var = sizes) -> list[jt.Var]:
            return with_gradient(multisample_encode(points, widths, table, *grid, sizes), [table])

        name = f"L{layout.n_levels} F{layout.n_features} T2^{layout.table_size.bit_length() - 1}"
        yield Case(name, "sample", inputs.n_samples, run)


@CASES.of("level_squares")
def _level_squares(inputs: Inputs) -> Iterator[Case]:
    layout = _LAYOUTS[-1]
    table, meta = random_var(layout.n_rows, layout.n_features), jt.array(layout.meta).stop_grad()

    def run() -> list[jt.Var]:
        return with_gradient(level_squares(table, meta, layout), [table])

    yield Case(
        f"L{layout.n_levels} F{layout.n_features}",
        "parameter",
        layout.n_rows * layout.n_features,
        run,
    )
