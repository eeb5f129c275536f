"""Cases of a field's ops: encodings, MLPs, activation; sizes of Instant-NGP's paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.benchmark.yardstick.bound import HEAD, TRUNK, mlp_flop
from jnerf.ops.activate import Activation, activate
from jnerf.ops.field_mlp import field_mlp
from jnerf.ops.frequency_encode import frequency_encode
from jnerf.ops.half_copy import round_half
from jnerf.ops.hash_encode import HashGridLayout, hash_encode
from jnerf.ops.hash_encode_gradient import hash_encode_gradient
from jnerf.ops.integrated_encode import integrated_encode
from jnerf.ops.mlp import mlp, n_params
from jnerf.ops.sh_encode import sh_encode


def _grid_name(layout: HashGridLayout) -> str:
    return f"{layout.n_levels} x {layout.n_features} x 2^19"


PAPER_GRID = _grid_name(HashGridLayout())  # the name of the case whose table is that of the bound
NERF = "NeRF"  # begins the names of cases whose networks are not those of the bound


def random_var(*shape: int, scale: float = 1.0, seed: int = 0) -> jt.Var:
    """Uniform in +-scale, float32."""
    values = np.random.default_rng(seed).random(shape, dtype=np.float32)
    return jt.array((2 * values - 1) * np.float32(scale))


def _grids(
    inputs: Inputs,
) -> Iterator[tuple[HashGridLayout, jt.Var, tuple[jt.Var, jt.Var], jt.Var]]:
    """Layout, table, (scales, meta) and something of the features' shape of the paper's grids."""
    for n_levels, n_features in ((16, 2), (8, 4)):
        layout = HashGridLayout(n_levels=n_levels, n_features=n_features)
        table = random_var(layout.n_rows, n_features, scale=1e-4)
        scales, meta = jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad()
        grad = random_var(n_levels, inputs.n_samples, n_features)
        jt.sync([table, scales, meta, grad])
        yield layout, table, (scales, meta), grad


@CASES.of("hash_encode")
def _hash_encode(inputs: Inputs) -> Iterator[Case]:
    for layout, table, grid, grad in _grids(inputs):

        def run(
            layout: HashGridLayout = layout,
            table: jt.Var = table,
            grid: tuple[jt.Var, jt.Var] = grid,
            grad: jt.Var = grad,
        ) -> list[jt.Var]:
            features = hash_encode(inputs.positions, table, *grid, layout)
            return [features, *jt.grad((features * grad).sum(), [table])]

        yield Case(_grid_name(layout), "sample", inputs.n_samples, run)
    for precision in ("float16", "bfloat16"):
        yield _halved(inputs, precision)


def _halved(inputs: Inputs, precision: str) -> Case:
    """A lookup and its gradient, of the first of the grids, read in 16 bits."""
    layout, table, grid, grad = next(_grids(inputs))
    copy = round_half(table, precision)
    copy.sync()

    def run() -> list[jt.Var]:
        features = hash_encode(inputs.positions, table, *grid, layout, copy=copy)
        return [features, *jt.grad((features * grad).sum(), [table])]

    return Case(f"{_grid_name(layout)}, read in {precision}", "sample", inputs.n_samples, run)


@CASES.of("hash_encode_gradient")
def _hash_encode_gradient(inputs: Inputs) -> Iterator[Case]:
    weights = random_var(inputs.n_samples, 3)
    weights.sync()
    for layout, table, grid, v in _grids(inputs):

        def run(
            layout: HashGridLayout = layout,
            table: jt.Var = table,
            grid: tuple[jt.Var, jt.Var] = grid,
            v: jt.Var = v,
        ) -> list[jt.Var]:
            gradient = hash_encode_gradient(inputs.positions, table, v, *grid, layout)
            return [gradient, *jt.grad((gradient * weights).sum(), [table, v])]

        yield Case(_grid_name(layout), "sample", inputs.n_samples, run)


def _mlp_case(
    inputs: Inputs, name: str, widths: tuple[int, ...], n_out: int, biased: bool = False
) -> Case:
    n = inputs.n_samples
    x, params = random_var(n, widths[0]), random_var(n_params(widths, biased), scale=0.2)
    flop = mlp_flop(widths)
    return Case(
        f"{name} {'-'.join(map(str, widths))}",
        "sample",
        n,
        lambda: with_gradient(mlp(x, params, widths, n_out, None, biased), [params, x]),
        {"mlp_forward": flop, "mlp_backward": 2 * flop},
    )


@CASES.of("mlp")
def _mlp(inputs: Inputs) -> Iterator[Case]:
    yield _mlp_case(inputs, "density", TRUNK, TRUNK[-1])
    yield _mlp_case(inputs, "colour", HEAD, 3)
    for width in (256, 1024):
        yield _mlp_case(inputs, NERF, (width,) * 4, width, biased=True)


@CASES.of("field_mlp")
def _field_mlp(inputs: Inputs) -> Iterator[Case]:
    x = random_var(16, inputs.n_samples, 2)
    yield _field_case(inputs, "32-64-16, 32-64-64-3", x, TRUNK, HEAD, 16)
    x = random_var(inputs.n_samples, 63).stop_grad()
    trunk, head, n_dir = (63, *[128] * 8, 129), (155, 64, 3), 27
    how = {"biased": True, "skip": 5, "density": Activation("relu"), "head_sees_density": False}
    yield _field_case(inputs, f"{NERF}, 8 x 128", x, trunk, head, n_dir, how)


def _field_case(
    inputs: Inputs,
    name: str,
    x: jt.Var,
    trunk_widths: tuple[int, ...],
    head_widths: tuple[int, ...],
    n_extra: int,
    options: dict[str, Any] | None = None,
) -> Case:
    options = options or {}
    biased, skip = options.get("biased", False), options.get("skip")
    trunk = random_var(n_params(trunk_widths, biased, skip), scale=0.2)
    head = random_var(n_params(head_widths, biased), scale=0.2)
    extra = random_var(inputs.n_rays, n_extra).stop_grad()
    rays = inputs.samples.ray_indices
    flop = mlp_flop(trunk_widths, skip) + mlp_flop(head_widths)
    wanted = [trunk, head] if x.is_stop_grad() else [x, trunk, head]

    def run() -> list[jt.Var]:
        widths = trunk_widths, head_widths
        sigmas, rgbs = field_mlp(x, trunk, head, *widths, extra, rays, **options)
        loss = (sigmas * 1e-3).sum() + (rgbs * 1e-3).sum()
        return [sigmas, rgbs, *jt.grad(loss, wanted)]

    flops = {"field_mlp_forward": flop, "field_mlp_backward": 2 * flop}
    return Case(name, "sample", inputs.n_samples, run, flops)


@CASES.of("activate")
def _activate(inputs: Inputs) -> Iterator[Case]:
    x, factors = random_var(inputs.n_samples), jt.ones((inputs.n_samples,)).stop_grad()
    factors.sync()
    for kind in ("exp", "relu", "softplus"):

        def run(kind: str = kind) -> list[jt.Var]:
            return with_gradient(activate(x, kind, bias=-1.0, scale=2.0, factors=factors), [x])

        yield Case(kind, "sample", inputs.n_samples, run)


@CASES.of("integrated_encode")
def _integrated_encode(inputs: Inputs) -> Iterator[Case]:
    variances = (inputs.positions * 1e-5).stop_grad()
    yield Case(
        "16 frequencies",
        "sample",
        inputs.n_samples,
        lambda: [integrated_encode(inputs.positions, variances, 16, 2.0, -1.0)],
    )
    means = (jt.concat([inputs.positions] * 7, 1) - 0.5).stop_grad()
    many = (means * means * 1e-5).stop_grad()
    yield Case(
        "12 frequencies along 21 directions",
        "sample",
        inputs.n_samples,
        lambda: [integrated_encode(means, many, 12, 1.3, 0.0)],
    )


@CASES.of("sh_encode")
def _sh_encode(inputs: Inputs) -> Iterator[Case]:
    n = inputs.n_samples
    directions = random_var(n, 3)
    directions = directions / jt.sqrt((directions * directions).sum(1, keepdims=True))
    directions.sync()
    yield Case(
        "degree 4", "sample", n, lambda: with_gradient(sh_encode(directions, 4), [directions])
    )


@CASES.of("frequency_encode")
def _frequency_encode(inputs: Inputs) -> Iterator[Case]:
    x = random_var(inputs.n_samples, 3)
    frequencies = jt.array(2.0 ** np.arange(10, dtype=np.float32))
    yield Case(
        "10 frequencies",
        "sample",
        inputs.n_samples,
        lambda: with_gradient(frequency_encode(x, frequencies), [x]),
    )
