"""Cases of low-rank grids, of TensoRF's sizes: looks, the mask of what is empty, which samples want a colour."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.encoders.cp import CPEncoder
from jnerf.encoders.vm import VMEncoder
from jnerf.ops.cell_mask import cell_mask
from jnerf.ops.heavy_samples import heavy_samples

_RESOLUTION = 300
_MASK = 128  # cells per axis
_LEAST = 1e-4
_DENSITY = 50.0


@CASES.of("factor_interp")
def _factor_interp(inputs: Inputs) -> Iterator[Case]:
    grids = {
        "density": VMEncoder(16, _RESOLUTION),
        "colour": VMEncoder(48, _RESOLUTION),
        "lines": CPEncoder(96, _RESOLUTION),
    }
    x = inputs.positions.stop_grad()

    for name, grid in grids.items():
        run = grid if name == "colour" else grid.summed
        what = "rows of" if name == "colour" else "sum of"
        text = f"{what} {grid.out_dim} components, {_RESOLUTION}^3, {name}"
        yield Case(
            text,
            "sample",
            inputs.n_samples,
            lambda run=run, grid=grid: with_gradient(run(x), grid.values()),
        )


@CASES.of("cell_mask")
def _cell_mask(inputs: Inputs) -> Iterator[Case]:
    random = np.random.default_rng(0)
    bits = jt.array(random.integers(0, 256, (_MASK, _MASK, _MASK // 8), np.uint8))
    yield Case(
        f"{_MASK}^3 cells",
        "sample",
        inputs.n_samples,
        lambda: [cell_mask(inputs.positions, bits, _MASK)],
    )


@CASES.of("heavy_samples")
def _heavy_samples(inputs: Inputs) -> Iterator[Case]:
    samples = inputs.samples
    sigmas = jt.abs(random_var(inputs.n_samples)) * _DENSITY
    jt.sync([sigmas])
    where = samples.t_starts, samples.t_ends, samples.packed_info
    yield Case(
        "all rays",
        "sample",
        inputs.n_samples,
        lambda: list(heavy_samples(sigmas, *where, _LEAST)),
    )
