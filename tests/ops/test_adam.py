"""The Adam ops: against plain loops over 20 steps, skipping, step counts, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.adam import (
    AdamNumbers,
    adam_dense,
    adam_sparse,
    bias_correction,
    bias_correction_table,
    reference,
)

BETAS = (0.9, 0.99)


def fresh(n, seed=0):
    param = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    return param, np.zeros_like(param), np.zeros_like(param)


def gradients(n, steps, density, seed=1):
    random = np.random.default_rng(seed)
    for _ in range(steps):
        scale = 10.0 ** random.uniform(-8, 2, n)
        yield (random.normal(size=n) * scale * (random.random(n) < density)).astype(np.float32)


def run_sparse(param, m, v, grads, lr=1e-2, betas=BETAS, eps=1e-15):
    state = [jt.array(array) for array in (param, m, v)] + [jt.zeros(param.shape, dtype="int32")]
    table = jt.array(bias_correction_table(betas))
    for grad in grads:
        adam_sparse(*state[:1], jt.array(grad), *state[1:], table, lr, betas, eps)
        jt.sync(state)
    return [var.numpy() for var in state]


def run_dense(param, m, v, grads, lr=1e-2, weight_decay=0.0):
    state = [jt.array(array) for array in (param, m, v)]
    for step, grad in enumerate(grads, 1):
        columns = [[var] for var in (state[0], jt.array(grad), *state[1:])]
        adam_dense(*columns, [AdamNumbers(step, lr, weight_decay=weight_decay)], BETAS)
        jt.sync(state)
    return [var.numpy() for var in state]


@pytest.mark.parametrize("n", [1, 15, 16, 333])
@pytest.mark.parametrize("density", [1.0, 0.3, 0.02])
def test_sparse_matches_loops_over_20_steps(device, n, density):
    expected = [array.astype(np.float64) for array in fresh(n)] + [np.zeros(n, np.int32)]
    for grad in gradients(n, 20, density):
        param, m, v, counts = expected
        expected = reference.adam_sparse(param, grad.astype(np.float64), m, v, counts, 1e-2, BETAS)
    got = run_sparse(*fresh(n), gradients(n, 20, density))
    np.testing.assert_allclose(got[0], expected[0], atol=2e-6)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-4, atol=1e-12)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-5, atol=1e-30)
    np.testing.assert_array_equal(got[3], expected[3])


@pytest.mark.parametrize("n", [1, 15, 16, 333])
@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
def test_dense_matches_loops_over_20_steps(device, n, weight_decay):
    expected = [array.astype(np.float64) for array in fresh(n)]
    for step, grad in enumerate(gradients(n, 20, 0.5), 1):
        param, m, v = expected
        grad = grad.astype(np.float64)
        expected = reference.adam_dense(param, grad, m, v, step, 1e-2, BETAS, 1e-15, weight_decay)
    got = run_dense(*fresh(n), gradients(n, 20, 0.5), weight_decay=weight_decay)
    # Where the gradient is tiny the direction hangs on the last bits of the moments.
    np.testing.assert_allclose(got[0], expected[0], atol=1e-5)


def test_entries_without_gradient_keep_every_bit(device):
    param, m, v = fresh(64)
    m += 0.25
    v += 0.5
    grad = np.zeros(64, np.float32)
    grad[[3, 40]] = 1e-20, -7  # one block of 16 without any gradient, two with
    grad[41] = -0.0
    got = run_sparse(param, m, v, [grad])
    idle = grad == 0
    for array, before in zip(got[:3], (param, m, v), strict=True):
        np.testing.assert_array_equal(array[idle], before[idle])
        assert (array[40] != before[40]).all()
    np.testing.assert_array_equal(got[3], ~idle)


@pytest.mark.parametrize("magnitude", [1e-9, 1.0, 1e9])
def test_the_first_touch_moves_an_entry_by_the_learning_rate(device, magnitude):
    grad = np.full(20, -magnitude, np.float32)
    got = run_sparse(np.zeros(20, np.float32), *fresh(20)[1:], [grad], lr=1e-2)
    np.testing.assert_allclose(got[0], 1e-2, rtol=1e-5)


def test_counts_go_on_where_the_table_ends(device):
    betas = (0.5, 0.6)
    steps = len(bias_correction_table(betas)) + 5
    grads = list(gradients(16, steps, 1.0))
    got = run_sparse(*fresh(16), grads, betas=betas)
    assert (got[3] == steps).all()
    expected = [array.astype(np.float64) for array in fresh(16)] + [np.zeros(16, np.int32)]
    for grad in grads:
        param, m, v, counts = expected
        expected = reference.adam_sparse(param, grad.astype(np.float64), m, v, counts, 1e-2, betas)
    np.testing.assert_allclose(got[0], expected[0], atol=2e-6)


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.9, 0.999), (0.0, 0.0), (0.99, 0.5)])
def test_table_holds_every_factor_until_it_is_one(betas):
    table = bias_correction_table(betas)
    for step in {1, 2, 3, len(table) - 2}:
        assert table[step] == pytest.approx(bias_correction(step, betas), rel=1e-6)
    assert table[-1] == 1
    assert bias_correction(len(table), betas) == pytest.approx(1, abs=6e-8)


@pytest.mark.parametrize("betas", [(0.9, 1.0), (-0.1, 0.9), (0.9, 0.999999), (float("nan"), 0.9)])
def test_betas_out_of_range(betas):
    with pytest.raises(ValueError, match=r"each must be in \[0, 0.99999\]"):
        bias_correction_table(betas)


def test_nan_gradient_is_not_skipped(device):
    grad = np.zeros(20, np.float32)
    grad[[2, 18]] = np.nan, np.inf
    for got in (run_sparse(*fresh(20), [grad]), run_dense(*fresh(20), [grad])):
        assert np.isnan(got[0][[2, 18]]).all()
        assert np.isfinite(np.delete(got[0], [2, 18])).all()


def test_no_entries(device):
    empty = np.zeros(0, np.float32)
    assert run_sparse(empty, empty, empty, [empty])[0].shape == (0,)
    assert run_dense(empty, empty, empty, [empty])[0].shape == (0,)


@pytest.mark.parametrize("n", [2, 8, 9])
def test_many_at_once_are_as_each_alone(device, n):
    numbers = [AdamNumbers(3 + i, 1e-2 * (i + 1), 1e-8 * i, 1e-3 * (i % 2)) for i in range(n)]
    random = np.random.default_rng(0)
    columns = [
        [jt.array(random.random(5 + 17 * i).astype(np.float32)) for i in range(n)] for _ in range(4)
    ]
    alone = [[jt.array(var.numpy()) for var in slot] for slot in zip(*columns, strict=True)]
    adam_dense(*columns, numbers, BETAS)
    for slot, one in zip(alone, numbers, strict=True):
        adam_dense(*([var] for var in slot), [one], BETAS)
    for together, each in zip(zip(*columns, strict=True), alone, strict=True):
        for a, b in zip(together, each, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_non_contiguous_gradient(device):
    grad = np.random.default_rng(0).normal(size=(6, 10)).astype(np.float32)
    state = [jt.zeros((10, 6)) for _ in range(3)]
    columns = [[var] for var in (state[0], jt.array(grad).transpose(1, 0), *state[1:])]
    adam_dense(*columns, [AdamNumbers(1, 1e-2)])
    np.testing.assert_allclose(state[1].numpy(), 0.1 * grad.T, rtol=1e-6)


def test_bits_do_not_depend_on_threads():
    n = 50_000  # several chunks
    runs = [
        with_threads(
            threads,
            lambda: [
                *run_sparse(*fresh(n), gradients(n, 3, 0.3)),
                *run_dense(*fresh(n), gradients(n, 3, 0.3), weight_decay=1e-3),
            ],
        )
        for threads in (1, 2)
    ]
    for a, b in zip(*runs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_blocks_and_the_rest_round_alike():
    param, m, v = fresh(16)
    grads = list(gradients(16, 5, 0.6))
    whole = run_sparse(param, m, v, grads)
    parts = run_sparse(param[:9], m[:9], v[:9], [grad[:9] for grad in grads])
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(a[:9], b)


def test_sizes_that_disagree():
    zeros = jt.zeros((4,))
    with pytest.raises(
        ValueError, match=r"grad is float32 \[5\]; give float32 with the 4 elements"
    ):
        adam_dense([zeros], [jt.zeros((5,))], [zeros], [zeros], [AdamNumbers(1, 1e-2)])
    with pytest.raises(ValueError, match="counts is float32"):
        adam_sparse(zeros, zeros, zeros, zeros, zeros, zeros, 1e-2)
