"""Jittor ops on the occupancy grid of Instant-NGP (Mueller et al. 2022, https://arxiv.org/abs/2201.05989, appendix E).

A grid is float32 [levels * resolution^3]: level l covers 0.5 +- 2^l / 2 in each axis, cells lie in bricks of 4^3
(``reference.cell_index``). A value is density x MIN_STEP; -1 marks cells that no camera sees, which stay empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt
import numpy as np

from jnerf.ops.common import code_op

#: Of a grid, each twice as wide as the one before.
MOST_LEVELS = 8
_MEAN_CHUNK = 4096  # kMeanChunk of kernel.h: sizes its partial sums
_CANDIDATES = """
const int64_t n0 = (int64_t)data["n0"], n1 = (int64_t)data["n1"];
jnerf::candidates(n0, jnerf::Candidates{in0_p, (int)data["res"], (int)data["levels"], (uint32_t)data["seed"],
    (uint32_t)data["update"], 0u, (uint32_t)n0, (float)data["threshold0"], out0_p, out1_p});
jnerf::candidates(n1, jnerf::Candidates{in0_p, (int)data["res"], (int)data["levels"], (uint32_t)data["seed"],
    (uint32_t)data["update"], (uint32_t)n0, (uint32_t)n1, (float)data["threshold1"], out0_p + n0, out1_p + 3 * n0});
"""


@dataclass(frozen=True)
class Bitfield:
    """What marching reads.

    Attributes:
        bits: one bit per cell, uint8 [levels * resolution^3 / 8]; little-endian words of 64 cells.
        blocks: per block of 8^3 cells, how many blocks away (maximum norm, within the level) the nearest one with an
            occupied cell is, at most 6; uint8 [levels * resolution^3 / 512].
        stats: (mean value of level 0, threshold used), float32 [2].
    """

    bits: jt.Var
    blocks: jt.Var
    stats: jt.Var


def check_resolution(resolution: int, levels: int) -> int:
    """Cells per level.

    Raises:
        ValueError: the resolution does not nest (a power of two, 32 .. 512) or there is no level.
    """
    if not 32 <= resolution <= 512 or resolution & (resolution - 1):
        raise ValueError(
            f"grid resolution is {resolution}; it must be a power of two from 32 to 512 for levels to nest"
        )
    if not 1 <= levels <= MOST_LEVELS:
        raise ValueError(f"the grid has {levels} levels; 1 to {MOST_LEVELS} are possible")
    return resolution**3


def _frusta(c2w: np.ndarray, intrinsics: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Pinhole cameras as inward planes: float32 [N, 24] = 4 sides, view direction (normal, offset each), centre, 0."""
    fx, fy, cx, cy = np.asarray(intrinsics, np.float64).T
    width, height = np.asarray(sizes, np.float64).T
    zero = np.zeros_like(fx)
    normals = [  # in camera axes: x right, y up, looking along -z
        (fx, zero, -cx),
        (-fx, zero, cx - width),
        (zero, -fy, -cy),
        (zero, fy, cy - height),
        (zero, zero, zero - 1),
    ]
    rotation = np.asarray(c2w[:, :, :3], np.float64)
    centre = np.asarray(c2w[:, :, 3], np.float64)
    out = np.zeros((len(centre), 24))
    for i, normal in enumerate(normals):
        world = np.einsum("nij,nj->ni", rotation, np.stack(normal, 1))
        world /= np.linalg.norm(world, axis=1, keepdims=True)
        out[:, 4 * i : 4 * i + 3] = world
        out[:, 4 * i + 3] = -(world * centre).sum(1)
    out[:, 20:23] = centre
    return out.astype(np.float32)


def mark_unseen(
    c2w: np.ndarray,
    intrinsics: np.ndarray,
    sizes: np.ndarray,
    resolution: int = 128,
    levels: int = 1,
) -> jt.Var:
    """A fresh grid: 0 for cells with a corner inside some camera's image, -1 for the others.

    Args:
        c2w: OpenGL camera-to-field matrices, float [N, 3, 4].
        intrinsics: pinhole fx, fy, cx, cy in pixels, float [N, 4].
        sizes: width, height in pixels, [N, 2].
        resolution: cells per side.
        levels: nested levels.

    Returns:
        float32 [levels * resolution^3].

    Raises:
        ValueError: sizes of the arrays differ, or the grid is impossible.
    """
    cells = check_resolution(resolution, levels)
    n = len(c2w)
    if np.shape(c2w) != (n, 3, 4) or np.shape(intrinsics) != (n, 4) or np.shape(sizes) != (n, 2):
        raise ValueError(
            f"c2w {np.shape(c2w)}, intrinsics {np.shape(intrinsics)}, sizes {np.shape(sizes)} must be "
            "[N, 3, 4], [N, 4] and [N, 2]"
        )
    if n == 0:
        return -jt.ones((levels * cells,), "float32")
    source = """
jnerf::mark_unseen(out0->num / 64, jnerf::MarkUnseen{in0_p, (int)(in0->num / 24), (int)data["res"],
    (int)data["levels"], out0_p});
"""
    frusta = jt.array(_frusta(c2w, intrinsics, sizes))
    data = {"res": resolution, "levels": levels}
    return code_op("occupancy", [(levels * cells,)], ["float32"], [frusta], source, data)[
        0
    ].stop_grad()


def candidates(
    grid: jt.Var,
    picks: Sequence[tuple[int, float]],
    seed: int,
    update: int,
    resolution: int = 128,
) -> tuple[jt.Var, jt.Var]:
    """Chooses cells at random, and a point in each, at which to ask the field for its density.

    A candidate draws a level; its cell comes from a full-period walk over the level's cells, tried up to ten times
    until the cell's value is above the threshold (the last try is used anyway).

    Args:
        grid: float32 [levels * resolution^3].
        picks: one or two pairs of a number of candidates and their threshold: -0.01 finds any cell that can be trained,
            larger ones find occupied cells.
        seed: seed of the draws.
        update: how many updates came before; it shifts the walk.
        resolution: cells per side.

    Returns:
        Cells, int32 [n] (index into the grid), and positions in field units, float32 [n, 3]; those of the first pair
        come first.
    """
    levels = grid.shape[0] // check_resolution(resolution, 1)
    (n, threshold), (n_more, threshold_of_more) = [*picks, (0, 0.0)][:2]
    total = n + n_more
    if total == 0:
        return jt.zeros((0,), "int32"), jt.zeros((0, 3), "float32")
    data = {"res": resolution, "levels": levels, "seed": seed, "update": update}
    data |= {"n0": n, "threshold0": threshold, "n1": n_more, "threshold1": threshold_of_more}
    shapes, dtypes = [(total,), (total, 3)], ["int32", "float32"]
    cells, positions = code_op("occupancy", shapes, dtypes, [grid], _CANDIDATES, data)
    return cells.stop_grad(), positions.stop_grad()


def update_grid(
    grid: jt.Var, cells: jt.Var, sigmas: jt.Var, step_size: float, decay: float = 0.95
) -> jt.Var:
    """The next grid: ``v < 0 ? v : max(decay * v, largest sigma * step_size seen in the cell)``.

    Args:
        grid: float32 [G].
        cells: int32 [n], index into the grid of each density; repeats allowed.
        sigmas: densities, float32 [n]; NaN is ignored.
        step_size: length that turns a density into an optical thickness.
        decay: factor on the old values.

    Returns:
        float32 [G]; ``grid`` itself is left as it was.
    """
    source = """
jnerf::update_grid(in0_p, in0->num, in1_p, in2_p, in1->num, (float)data["step"], (float)data["decay"], out0_p);
"""
    data = {"step": step_size, "decay": decay}
    return code_op("occupancy", [grid.shape], ["float32"], [grid, cells, sigmas], source, data)[
        0
    ].stop_grad()


def build_bitfield(grid: jt.Var, threshold: float = 0.01, resolution: int = 128) -> Bitfield:
    """Marks cells above ``min(threshold, mean of max(v, 0) over level 0)``.

    A coarser cell is also occupied where a finer one inside it is.

    Args:
        grid: float32 [levels * resolution^3].
        threshold: upper bound of the threshold.
        resolution: cells per side.

    Returns:
        Bits, distances of blocks, and the mean and threshold used.
    """
    cells = check_resolution(resolution, 1)
    levels = grid.shape[0] // cells
    source = """
jnerf::build_bitfield(in0_p, (int)data["res"], (int)data["levels"], (float)data["threshold"],
    out0_p, out1_p, (uint64_t*)out2_p, (uint8_t*)out3_p);
"""
    shapes = [(-(-cells // _MEAN_CHUNK),), (2,), (levels * cells // 8,), (levels * cells // 512,)]
    data = {"res": resolution, "levels": levels, "threshold": threshold}
    dtypes = ["float64", "float32", "uint8", "uint8"]
    _, stats, bits, blocks = code_op("occupancy", shapes, dtypes, [grid], source, data)
    return Bitfield(bits.stop_grad(), blocks.stop_grad(), stats.stop_grad())
