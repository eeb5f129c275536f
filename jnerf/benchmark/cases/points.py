"""Cases of rows by number, of columns, of what is transient in photographs, and of losses of points."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.columns import join_columns, split_columns
from jnerf.ops.lod_inputs import lod_inputs
from jnerf.ops.neighbour_variation import neighbour_points, neighbour_variation
from jnerf.ops.pick_rows import add_rows, pick_rows
from jnerf.ops.relative_error import relative_error
from jnerf.ops.transients import transient_error, transient_head, transient_mix, transient_seen

_POINTS = 2**12  # of HashNeRF's total variation
_LEVELS = 5  # of NGLOD's distances


@CASES.of("pick_rows")
def _pick_rows(inputs: Inputs) -> Iterator[Case]:
    n = inputs.n_samples // 8
    rows = jt.array(np.arange(n, dtype=np.int32) * 8)
    positions, ids = random_var(inputs.n_samples, 3), inputs.samples.ray_indices
    colors = random_var(n, 3)

    def run() -> list[jt.Var]:
        picked, of_ray = pick_rows([positions, ids], rows)
        added = add_rows(colors, rows, inputs.n_samples)
        return [of_ray, *with_gradient(picked, [positions]), *with_gradient(added, [colors])]

    yield Case("every eighth of three channels", "row", n, run)


@CASES.of("columns")
def _columns(inputs: Inputs) -> Iterator[Case]:
    x = random_var(inputs.n_samples, 16)

    def run() -> list[jt.Var]:
        return with_gradient(join_columns(split_columns(x, [1, 15])), [x])

    yield Case("1 of 16, and together again", "sample", inputs.n_samples, run)


@CASES.of("transients")
def _transients(inputs: Inputs) -> Iterator[Case]:
    n, n_rays = inputs.n_samples, inputs.n_rays
    raw, rgbs, sigmas = random_var(n, 5), jt.abs(random_var(n, 3)), jt.abs(random_var(n))
    colors, rgba = random_var(n_rays, 3), jt.ones((n_rays, 4)).stop_grad()
    jt.sync([raw, rgbs, sigmas, colors, rgba])

    def run() -> list[jt.Var]:
        both, mixed, channels = transient_mix(sigmas, rgbs, *transient_head(raw, -1.0, 1.0))
        found = with_gradient(mixed, [raw, rgbs, sigmas])
        betas, _ = transient_seen(channels[:n_rays], 0.1)
        loss = transient_error(colors, rgba, None, betas)
        return [both, *found, loss, *jt.grad(loss, [raw, colors])]

    yield Case("head, mixture and loss", "sample", n, run)


@CASES.of("neighbour_variation")
def _neighbour_variation(inputs: Inputs) -> Iterator[Case]:
    features = random_var(16, 4 * _POINTS, 2)

    def run() -> list[jt.Var]:
        loss = neighbour_variation(features, 1e-6)
        return [neighbour_points(_POINTS, 1 / 512), loss, jt.grad(loss, features)]

    yield Case("16 levels of 2 features", "point", _POINTS, run)


@CASES.of("lod_inputs")
def _lod_inputs(inputs: Inputs) -> Iterator[Case]:
    n = inputs.n_samples
    unit, features = random_var(n, 3), random_var(_LEVELS, n, 16)
    lods = range(_LEVELS)

    def run() -> list[jt.Var]:
        return with_gradient(lod_inputs(unit, features, lods)[-1], [unit, features])

    yield Case(f"{_LEVELS} levels of 16 features", "sample", n, run)


@CASES.of("relative_error")
def _relative_error(inputs: Inputs) -> Iterator[Case]:
    n = 2**16
    found, truth = random_var(n, _LEVELS), random_var(n, 1)

    def run() -> list[jt.Var]:
        loss = relative_error(found, truth, "of_truth")
        return [loss, jt.grad(loss, found)]

    yield Case(f"{_LEVELS} columns", "point", n, run)
