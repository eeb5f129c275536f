"""Ops that read a copy of their table in 16 bits: the reference with rounded numbers, gradients of what was read."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.half_copy import round_half
from jnerf.ops.half_copy.reference import rounded
from jnerf.ops.hash_encode import HashGridLayout, hash_encode, hash_encode_known
from jnerf.ops.hash_encode import reference as hashed
from jnerf.ops.hash_encode_gradient import hash_encode_gradient
from jnerf.ops.hash_encode_gradient import reference as pulled
from jnerf.ops.multisample_encode import multisample_encode
from jnerf.ops.multisample_encode import reference as multisampled

SMALL = {"n_levels": 5, "table_size": 2**9, "min_resolution": 4, "max_resolution": 40}
PRECISIONS = pytest.mark.parametrize("precision", ["float16", "bfloat16"])
# Kernels are compiled for each; test_cuda_on_host_halved.py has all.
GRIDS = pytest.mark.parametrize(
    "precision, n_dims, n_features",
    [
        ("float16", 2, 1),
        ("float16", 3, 2),
        ("float16", 3, 8),
        ("bfloat16", 3, 2),
        ("bfloat16", 2, 4),
    ],
)
N = 333  # samples, the last vector of which is not full


def case(n_dims=3, n_features=2, centred=False):
    """Layout, and random numbers [S, D], [rows, F] and [L, S, F]."""
    layout = HashGridLayout(**SMALL, n_dims=n_dims, n_features=n_features, centred=centred)
    random = np.random.default_rng(n_dims + n_features)
    positions = random.random((N, n_dims)).astype(np.float32)
    table = random.normal(size=(layout.n_rows, n_features)).astype(np.float32)
    return layout, positions, table, random.normal(size=(5, N, n_features)).astype(np.float32)


def grid_of(layout):
    return jt.array(layout.scales).stop_grad(), jt.array(layout.meta).stop_grad(), layout


def near(found, expected, rtol=1e-4):
    """Within a part of the largest expected value: sums of many terms cancel."""
    size = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * size)


@GRIDS
@pytest.mark.parametrize("smoothstep", [False, True])
def test_lookups_and_their_gradients(device, precision, n_dims, n_features, smoothstep):
    layout, positions, table, grad_out = case(n_dims, n_features)
    x, t = jt.array(positions), jt.array(table)
    copy, how = round_half(t, precision), (smoothstep, "fp32")
    out = hash_encode(x, t, *grid_of(layout), *how, copy)
    read = rounded(table, precision)
    near(out.numpy(), hashed.hash_encode(positions, read, layout, smoothstep))
    grads = jt.grad((out * jt.array(grad_out)).sum(), [x, t])
    expected = hashed.hash_encode_grad(positions, read, layout, grad_out, smoothstep)
    near(grads[0].numpy(), expected[0], 1e-3)
    near(grads[1].numpy(), expected[1])
    known = hash_encode_known(x, t, out.detach(), *grid_of(layout), *how, copy)
    again = jt.grad((known * jt.array(grad_out)).sum(), [x, t])
    near(again[0].numpy(), expected[0], 1e-3)
    near(again[1].numpy(), expected[1])


@PRECISIONS
def test_gradients_by_finite_differences(device, precision):
    """Of what is looked up: differences of rounded numbers, taken by the positions."""
    layout, positions, table, grad_out = case()
    copy, read = round_half(jt.array(table), precision), rounded(table, precision)
    x = jt.array(positions)
    out = hash_encode(x, jt.array(table), *grid_of(layout), True, "fp32", copy)
    found = jt.grad((out * jt.array(grad_out)).sum(), x).numpy()
    wide, h = read.astype(np.float64), 1e-6
    for d in range(3):
        ends = []
        for sign in (1, -1):
            moved = positions.astype(np.float64)
            moved[:, d] += sign * h
            ends.append((hashed.hash_encode(moved, wide, layout, True) * grad_out).sum(axis=(0, 2)))
        near(found[:, d], (ends[0] - ends[1]) / (2 * h), 1e-3)


@PRECISIONS
def test_the_tables_gradient_has_the_bits_that_it_has_without_a_copy(precision):
    layout, positions, table, grad_out = case()
    t = jt.array(table)
    grads = []
    for copy in (None, round_half(t, precision)):
        x = jt.array(positions).stop_grad()
        out = hash_encode(x, t, *grid_of(layout), False, "fp32", copy)
        grads.append(jt.grad((out * jt.array(grad_out)).sum(), t).numpy())
    np.testing.assert_array_equal(*grads)


@pytest.mark.parametrize("precision, n_dims, n_features", [("float16", 3, 2), ("bfloat16", 2, 2)])
@pytest.mark.parametrize("smoothstep", [False, True])
def test_gradients_by_position_and_theirs(device, precision, n_dims, n_features, smoothstep):
    layout, positions, table, v = case(n_dims, n_features)
    g = np.random.default_rng(7).normal(size=positions.shape).astype(np.float32)
    given = [jt.array(a) for a in (positions, table, v)]
    copy = round_half(given[1], precision)
    found = hash_encode_gradient(*given, *grid_of(layout), smoothstep, copy)
    read = rounded(table, precision)
    near(found.numpy(), pulled.hash_encode_gradient(positions, read, v, layout, smoothstep), 1e-3)
    grads = jt.grad((found * jt.array(g)).sum(), given)
    expected = pulled.hash_encode_gradient_grad(positions, read, v, layout, g, smoothstep)
    for one, other in zip(grads, expected, strict=True):
        near(one.numpy(), other, 1e-3)


@pytest.mark.parametrize("precision, n_features", [("float16", 1), ("bfloat16", 4)])
def test_points_with_a_width(device, precision, n_features):
    layout, _, table, _ = case(3, n_features, centred=True)
    random = np.random.default_rng(0)
    points = random.random((6, 77, 3)).astype(np.float32)
    widths = (10.0 ** random.uniform(-4, 0, (6, 77))).astype(np.float32)
    sizes = random.random(5).astype(np.float32)
    grad = random.normal(size=(5, 77, n_features + 1)).astype(np.float32)
    x, w, t = (jt.array(a) for a in (points, widths, table))
    scales, meta, _ = grid_of(layout)
    copy = round_half(t, precision)
    out = multisample_encode(x, w, t, scales, meta, layout, jt.array(sizes), 10.0, copy)
    exact = [a.astype(np.float64) for a in (points, widths, rounded(table, precision))]
    near(out.numpy(), multisampled.multisample_encode(*exact, layout, sizes, 10.0))
    grads = jt.grad((out * jt.array(grad)).sum(), [x, t])
    for one, other in zip(
        grads, multisampled.multisample_grad(*exact, layout, grad, 10.0), strict=True
    ):
        near(one.numpy(), other, 1e-3)


def test_numbers_that_are_too_large_for_float16_become_infinite(device):
    layout, positions, table, _ = case()
    table[:] = 70_000
    t, x = jt.array(table), jt.array(positions).stop_grad()
    found = [
        hash_encode(x, t, *grid_of(layout), False, "fp32", round_half(t, precision)).numpy()
        for precision in ("float16", "bfloat16")
    ]
    assert not np.isfinite(found[0]).any()
    near(found[1], np.full_like(found[1], 70_144))


def test_no_sample_and_wrong_copies(device):
    layout, positions, table, _ = case()
    t, x = jt.array(table), jt.array(positions)
    copy = round_half(t, "bfloat16")
    assert hash_encode(x[:0], t, *grid_of(layout), False, "fp32", copy).shape == [5, 0, 2]
    scales, meta, _ = grid_of(layout)
    points, widths = jt.zeros((2, 4, 3)), jt.zeros((2, 4))
    for wrong in (t, copy[1:], copy[:, :1], copy.reshape(-1)):
        for call in (
            lambda wrong: hash_encode(x, t, scales, meta, layout, False, "fp32", wrong),
            lambda wrong: hash_encode_gradient(
                x, t, jt.zeros((5, N, 2)), scales, meta, layout, False, wrong
            ),
            lambda wrong: multisample_encode(
                points, widths, t, scales, meta, layout, None, 1.0, wrong
            ),
        ):
            with pytest.raises(
                ValueError, match="the table's copy is .*; give float16 or bfloat16"
            ):
                call(wrong)
