"""Cases of ops on grids: the dense grid of features and the occupancy grid."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import RESOLUTION, Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.grid_interp import grid_interp
from jnerf.ops.occupancy import build_bitfield, candidates, mark_unseen, update_grid
from jnerf.ops.ray_march import MIN_STEP
from jnerf.ops.visual_hull import carve, silhouettes


@CASES.of("grid_interp")
def _grid_interp(inputs: Inputs) -> Iterator[Case]:
    positions = jt.array(inputs.positions.numpy())  # takes gradients, unlike those of the inputs
    grid = random_var(64, 64, 64, 8)
    yield Case(
        "64^3 x 8",
        "sample",
        inputs.n_samples,
        lambda: with_gradient(grid_interp(positions, grid), [grid, positions]),
    )


@CASES.of("occupancy")
def _occupancy(inputs: Inputs) -> Iterator[Case]:
    cameras = inputs.dataset.cameras
    n = RESOLUTION**3

    def start() -> list[jt.Var]:
        return [mark_unseen(cameras.c2w, cameras.intrinsics, cameras.sizes, RESOLUTION)]

    yield Case(f"start, {len(cameras)} cameras", "cell", n, start)

    def update() -> list[jt.Var]:
        cells, positions = candidates(inputs.grid, [(n // 4, -0.01)], 0, 1, RESOLUTION)
        grid = update_grid(inputs.grid, cells, jt.ones((n // 4,)), MIN_STEP)
        bitfield = build_bitfield(grid, resolution=RESOLUTION)
        return [positions, bitfield.bits, bitfield.blocks]

    yield Case("update with a quarter of 128^3", "cell", n, update)


@CASES.of("visual_hull")
def _visual_hull(inputs: Inputs) -> Iterator[Case]:
    cameras = inputs.dataset.cameras
    width, height = cameras.sizes[0].tolist()
    y, x = np.mgrid[0:height, 0:width]
    disc = (
        np.hypot(x / width - 0.5, y / height - 0.5) < 0.3
    )  # about what a view of the scene covers
    seen = silhouettes([disc] * len(cameras), cameras.sizes)
    where = cameras.c2w, cameras.intrinsics, cameras.sizes, seen, RESOLUTION

    def start() -> list[jt.Var]:
        return [carve(inputs.grid, *where)]

    yield Case(f"{len(cameras)} silhouettes", "cell", RESOLUTION**3, start)
