"""Realistic inputs: rays of the embedded scene, marched through an occupancy grid as thin as a trained one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jittor as jt
import numpy as np

from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.occupancy import Bitfield, build_bitfield, candidates, update_grid
from jnerf.ops.ray_march import MIN_STEP, MarchRule, ray_march
from jnerf.ops.ray_points import ray_points

RESOLUTION = 128
_VIEWS, _PIXELS = 100, 800  # as many, and as large, as those of NeRF-synthetic
_SURFACE_RAYS = 200_000
_DENSE = 100.0  # density in occupied cells: x MIN_STEP it is far above the grid's threshold


@dataclass(frozen=True)
class Inputs:
    """What the cases share.

    Attributes:
        dataset: the embedded scene at 800 x 800; its pictures are never asked for.
        grid: density x MIN_STEP of each cell, float32 [128^3].
        bitfield: of the grid.
        rule: how rays are marched.
        rays_o: origins, float32 [R, 3].
        rays_d: unit directions, float32 [R, 3].
        samples: S marched samples of the rays.
        positions: their midpoints, float32 [S, 3].
    """

    dataset: Any
    grid: jt.Var
    bitfield: Bitfield
    rule: MarchRule
    rays_o: jt.Var
    rays_d: jt.Var
    samples: PackedIntervals
    positions: jt.Var

    @property
    def n_rays(self) -> int:
        """R."""
        return self.rays_o.shape[0]

    @property
    def n_samples(self) -> int:
        """S."""
        return len(self.samples)


def make_inputs(n_samples: int) -> Inputs:
    """Inputs with at most ``n_samples`` samples, and nearly as many.

    Args:
        n_samples: S.
    """
    from jnerf.datasets.procedural.dataset import ProceduralDataset

    dataset = ProceduralDataset(n_train=_VIEWS, resolution=_PIXELS)
    grid = _surface_grid(dataset)
    bitfield = build_bitfield(grid, resolution=RESOLUTION)
    rule = MarchRule([float(x) for x in dataset.aabb], dataset.near, dataset.far)

    def march(n_rays: int, budget: int | None) -> tuple[jt.Var, jt.Var, PackedIntervals]:
        rays_o, rays_d = (jt.array(a) for a in _rays(dataset, n_rays, step=1))
        grid_of = bitfield.bits, bitfield.blocks, rule, RESOLUTION
        return rays_o, rays_d, ray_march(rays_o, rays_d, *grid_of, 0, 1, max_samples=budget)

    trial = 4096
    per_ray = max(len(march(trial, None)[2]), 1) / trial
    # As many rays as are needed; those past the budget keep a count of 0.
    rays_o, rays_d, samples = march(math.ceil(n_samples / per_ray * 1.02) + 8, n_samples)
    where = samples.t_starts, samples.t_ends, samples.ray_indices
    positions = jt.clamp(ray_points(rays_o, rays_d, *where), 0.0, 1.0).stop_grad()
    jt.sync([positions, grid, bitfield.bits, bitfield.blocks])
    return Inputs(dataset, grid, bitfield, rule, rays_o, rays_d, samples, positions)


def _rays(dataset: Any, n_rays: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    return dataset.cameras.generate_rays(*dataset.draw_pixels(n_rays, step))


def _surface_grid(dataset: Any) -> jt.Var:
    """A grid that is occupied within a cell of what random rays meet, float32 [128^3]."""
    rays_o, rays_d = _rays(dataset, _SURFACE_RAYS, step=0)
    depths = dataset.geometry(rays_o, rays_d).depths.reshape(-1)
    hit = depths > 0
    points = rays_o[hit] + depths[hit, None] * rays_d[hit]
    x, y, z = np.clip((points * RESOLUTION).astype(int), 1, RESOLUTION - 2).T
    volume = np.zeros((RESOLUTION,) * 3, bool)
    for dx, dy, dz in np.ndindex(3, 3, 3):
        volume[x + dx - 1, y + dy - 1, z + dz - 1] = True
    empty = jt.zeros((RESOLUTION**3,))
    cells, positions = candidates(empty, [(RESOLUTION**3, -0.01)], 0, 0, RESOLUTION)
    x, y, z = np.clip((positions.numpy() * RESOLUTION).astype(int), 0, RESOLUTION - 1).T
    sigmas = jt.array(volume[x, y, z].astype(np.float32) * np.float32(_DENSE))
    return update_grid(empty, cells, sigmas, MIN_STEP)
