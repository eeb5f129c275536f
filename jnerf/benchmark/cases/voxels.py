"""Cases of a sparse voxel grid of 256^3, as thin as a trained one: lookup, variation, optimiser."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case
from jnerf.models.networks.voxels.voxel_mask import dilated
from jnerf.ops.rmsprop import rmsprop_rows
from jnerf.ops.voxel_grid import SH_WIDTH, VoxelLayout, layout_of, voxel_field, voxel_interp
from jnerf.ops.voxel_variation import voxel_variation

_RESOLUTION = 256
_SHARE = 0.1  # of the voxels whose variation is taken at once
_TOUCHED = 0.3  # share of the rows that a training step touches


def _layout(inputs: Inputs) -> VoxelLayout:
    """Voxels within two of any sample."""
    x, y, z = np.rint(inputs.positions.numpy() * (_RESOLUTION - 1)).astype(int).T
    mask = np.zeros((_RESOLUTION,) * 3, bool)
    mask[z, y, x] = True
    return layout_of(dilated(mask, 2))


@CASES.of("voxel_grid")
def _voxel_grid(inputs: Inputs) -> Iterator[Case]:
    layout, n = _layout(inputs), inputs.n_samples
    density, sh = jt.ones((layout.n_rows, 1)), random_var(layout.n_rows, SH_WIDTH, scale=0.1)
    grads = random_var(n), random_var(n, 3)
    where = inputs.positions, inputs.rays_d, inputs.samples.ray_indices
    jt.sync([density, sh, *grads])

    def field() -> list[jt.Var]:
        sigmas, rgbs = voxel_field(*where, layout, density, sh)
        loss = (sigmas * grads[0]).sum() + (rgbs * grads[1]).sum()
        return [sigmas, rgbs, *jt.grad(loss, [density, sh])]

    yield Case(f"density and colour, {layout.n_rows} voxels", "sample", n, field)
    yield Case("density", "sample", n, lambda: [voxel_interp(inputs.positions, layout, density)])


@CASES.of("voxel_variation")
def _voxel_variation(inputs: Inputs) -> Iterator[Case]:
    layout = _layout(inputs)
    sh, count = random_var(layout.n_rows, SH_WIDTH), max(1, round(_SHARE * layout.n_rows))

    def run() -> list[jt.Var]:
        value = voxel_variation(sh, layout, 0, count)
        return [value, *jt.grad(value, [sh])]

    yield Case(f"harmonics, {_SHARE:.0%} of all", "voxel", layout.n_rows, run)


@CASES.of("rmsprop")
def _rmsprop(inputs: Inputs) -> Iterator[Case]:
    rows = _layout(inputs).n_rows
    touched = (np.random.default_rng(0).random((rows, 1)) < _TOUCHED).astype(np.float32)
    param, v, grad = (random_var(rows, SH_WIDTH) for _ in range(3))
    grad = grad * jt.array(touched)
    jt.sync([param, v, grad])

    def run() -> list[jt.Var]:
        rmsprop_rows([param], [grad], [v], [1e-2])
        return [param]

    yield Case(f"harmonics, {_TOUCHED:.0%} touched", "parameter", rows * SH_WIDTH, run)
