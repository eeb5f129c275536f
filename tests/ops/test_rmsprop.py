"""The RMSprop op: against plain loops over 20 steps, rows that are skipped, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.rmsprop import reference, rmsprop_rows


def gradients(shape, steps, density, seed=1):
    random = np.random.default_rng(seed)
    for _ in range(steps):
        scale = 10.0 ** random.uniform(-6, 2, shape)
        rows = random.random((shape[0],) + (1,) * (len(shape) - 1)) < density
        entries = random.random(shape) < 0.8
        yield (random.normal(size=shape) * scale * rows * entries).astype(np.float32)


def fresh(shape, seed=0):
    param = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return param, np.zeros_like(param)


def run(param, v, grads, **options):
    state = [jt.array(param), jt.array(v)]
    for grad in grads:
        rmsprop_rows([state[0]], [jt.array(grad)], [state[1]], [1e-2], **options)
        jt.sync(state)
    return [var.numpy() for var in state]


@pytest.mark.parametrize("shape", [(1, 32), (50, 32), (50, 1), (40, 5), (6, 3, 4)])
@pytest.mark.parametrize("density", [1.0, 0.3])
def test_matches_loops_over_20_steps(device, shape, density):
    expected = [array.astype(np.float64) for array in fresh(shape)]
    for grad in gradients(shape, 20, density):
        expected = reference.rmsprop_rows(expected[0], grad.astype(np.float64), expected[1], 1e-2)
    got = run(*fresh(shape), gradients(shape, 20, density))
    np.testing.assert_allclose(got[0], expected[0], atol=2e-5)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-4, atol=1e-20)


@pytest.mark.parametrize("width", [1, 5, 32])
def test_rows_without_gradient_keep_every_bit(device, width):
    param, v = fresh((30, width))
    v += 0.5
    grad = np.zeros_like(param)
    grad[[3, 17], -1] = 1e-3, -7
    grad[20] = -0.0
    got = run(param, v, [grad])
    idle = np.delete(np.arange(30), [3, 17])
    for array, before in zip(got, (param, v), strict=True):
        np.testing.assert_array_equal(array[idle], before[idle])
    np.testing.assert_allclose(got[1][3, :-1], 0.5 * 0.95, rtol=1e-6)  # of its row, all decay


@pytest.mark.parametrize("magnitude", [1e-4, 1.0, 1e9])
def test_the_first_touch_moves_an_entry_by_the_learning_rate(device, magnitude):
    got = run(
        np.zeros((4, 32), np.float32), fresh((4, 32))[1], [np.full((4, 32), -magnitude, np.float32)]
    )
    np.testing.assert_allclose(got[0], 1e-2, rtol=1e-3)


def test_nan_gradient_is_not_skipped(device):
    grad = np.zeros((6, 32), np.float32)
    grad[2, 5] = np.nan
    got = run(*fresh((6, 32)), [grad])
    assert np.isnan(got[0][2, 5]) and np.isfinite(np.delete(got[0], 2, 0)).all()


def test_no_entries_and_one_axis(device):
    for shape in ((0, 32), (0,)):
        empty = np.zeros(shape, np.float32)
        assert run(empty, empty, [empty])[0].shape == shape
    got = run(np.zeros(3, np.float32), np.zeros(3, np.float32), [np.float32([1, 0, -1])])
    np.testing.assert_allclose(got[0], [-1e-2, 0, 1e-2], rtol=1e-5)


@pytest.mark.parametrize("n", [2, 8, 9])
def test_many_at_once_are_as_each_alone(device, n):
    shapes = [[(7, 32), (5,), (30, 1)][i % 3] for i in range(n)]
    rates = [0.01 * (i + 1) for i in range(n)]
    columns = [
        [jt.array(np.random.default_rng(k + 10 * i).normal(size=s).astype(np.float32)) for i, s in enumerate(shapes)]
        for k in range(2)
    ]
    alone = [[jt.array(a.numpy()) for a in (*pair, jt.zeros(pair[0].shape))] for pair in zip(*columns, strict=True)]
    squares = [jt.zeros(shape) for shape in shapes]
    rmsprop_rows(*columns, squares, rates)
    for rate, (param, grad, square) in zip(rates, alone, strict=True):
        rmsprop_rows([param], [grad], [square], [rate])
    for i, (param, _, square) in enumerate(alone):
        np.testing.assert_array_equal(columns[0][i].numpy(), param.numpy())
        np.testing.assert_array_equal(squares[i].numpy(), square.numpy())


def test_non_contiguous_gradient(device):
    grad = np.random.default_rng(0).normal(size=(6, 10)).astype(np.float32)
    state = [jt.zeros((10, 6)) for _ in range(2)]
    rmsprop_rows([state[0]], [jt.array(grad).transpose(1, 0)], [state[1]], [1e-2])
    np.testing.assert_allclose(state[1].numpy(), grad.T**2, rtol=1e-6)


def test_bits_do_not_depend_on_threads():
    for shape in ((9000, 32), (9000, 1)):
        a, b = (
            with_threads(n, lambda shape=shape: run(*fresh(shape), gradients(shape, 3, 0.3)))
            for n in (1, 2)
        )
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)


def test_sizes_that_disagree():
    zeros = jt.zeros((4, 2))
    with pytest.raises(
        ValueError, match=r"grad is float32 \[5\]; give float32 with the 8 elements"
    ):
        rmsprop_rows([zeros], [jt.zeros((5,))], [zeros], [1e-2])
    with pytest.raises(ValueError, match="v is int32"):
        rmsprop_rows([zeros], [zeros], [zeros.int32()], [1e-2])
