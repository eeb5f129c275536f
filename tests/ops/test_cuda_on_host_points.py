"""The CUDA kernels of rows, columns, transients and losses of points, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.columns import reference as columns_reference
from jnerf.ops.lod_inputs import reference as lod_reference
from jnerf.ops.neighbour_variation import reference as neighbour_reference
from jnerf.ops.pick_rows import reference as rows_reference
from jnerf.ops.relative_error import reference as error_reference
from jnerf.ops.transients import reference as transient_reference
from tests.ops.host_arrays import empty

KINDS = ("l1", "l2", "of_truth", "of_found")


@pytest.fixture(scope="module")
def host(cuda_host):
    return cuda_host.library("points")


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_rows_and_columns(host):
    table, rows = normal(40, 3), np.random.default_rng(1).integers(0, 40, 700).astype(np.int32)
    out, sums = empty((700, 3), (40, 3))
    host.call("picked", 700, 3, table, rows, out)
    np.testing.assert_array_equal(out, rows_reference.pick_rows(table, rows))
    host.call("added", 700, 3, out, rows, 40, sums)
    np.testing.assert_allclose(sums, rows_reference.add_rows(out, rows, 40), 1e-4, 1e-5)

    x = normal(300, 5)
    one, rest, joined = empty((300, 1), (300, 4), (300, 5))
    host.call("columns", 300, 4, x, one, rest, joined)
    for found, right in zip((one, rest), columns_reference.split_columns(x, [1, 4]), strict=True):
        np.testing.assert_array_equal(found, right)
    np.testing.assert_array_equal(joined, x)


def half_squares(function, inputs, k, h=1e-6):
    """Gradient by input k of half the sum of the squares of what a reference gives, row by row, in float64."""
    inputs = [x.astype(np.float64) for x in inputs]
    grad = np.zeros((len(inputs[k]), inputs[k][0].size))
    for c in range(grad.shape[1]):
        values = []
        for s in (h, -h):
            moved = [x.copy() for x in inputs]
            moved[k].reshape(len(grad), -1)[:, c] += s
            found = [y.reshape(len(grad), -1) for y in function(*moved)]
            values.append(sum((y**2).sum(1) for y in found) / 2)
        grad[:, c] = (values[0] - values[1]) / (2 * h)
    return grad.reshape(inputs[k].shape)


def test_what_is_transient(host):
    raw = normal(300, 5)
    out = empty((300, 1), (300, 3), (300, 1), (300, 5))
    host.call("head", 300, -1.0, 2.0, raw, *out)

    def head(raw):
        return transient_reference.transient_head(raw, -1.0, 2.0)

    for found, right in zip(out, head(raw.astype(np.float64)), strict=False):
        np.testing.assert_allclose(found, right, rtol=1e-4)
    np.testing.assert_allclose(out[3], half_squares(head, [raw], 0), 1e-3, 1e-4)

    random = np.random.default_rng(2)
    sizes = (300,), (300, 3), (300, 1), (300, 3), (300, 1)
    given = [random.random(size).astype(np.float32) + 0.05 for size in sizes]
    values, grads = empty((300,), (300, 3), (300, 3)), empty(*sizes)
    host.call("mix", 300, *given, *values, *grads)
    right = transient_reference.transient_mix(*given)
    for found, expected in zip(values, right, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    for k, grad in enumerate(grads):
        expected = half_squares(transient_reference.transient_mix, given, k)
        np.testing.assert_allclose(grad, expected, 1e-3, 1e-3)

    channels, (betas, opacities, grad) = given[1], empty((300, 1), (300, 1), (300, 3))
    host.call("seen", 300, 0.1, channels, betas, opacities, grad)
    right = transient_reference.transient_seen(channels, np.float32(0.1))
    for found, expected in zip((betas, opacities), right, strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(grad, np.concatenate([betas, opacities, 0 * betas], 1))


@pytest.mark.parametrize("wide, behind", [(3, False), (4, True), (4, False)])
def test_errors_of_photographs(host, wide, behind):
    random = np.random.default_rng(3)
    sizes = (200, 3), (200, wide), (200, 3), (200, 1)
    colors, truth, background, betas = (random.random(s).astype(np.float32) + 0.1 for s in sizes)
    back, three = background if behind else None, np.float32([3.0])
    values, by_colors, by_betas, loss = empty((200,), (200, 3), (200, 1), (1,))
    grads = empty((200, 3), (200, 1), (200, 3))
    given = grads if wide == 3 else [*grads[:2], None]
    host.call(
        "error", 200, 0.5, colors, truth, wide, back, betas, three, values, by_colors, by_betas, loss, *given
    )  # fmt: skip

    def right(c, b):
        return transient_reference.transient_error(c, truth, back, b, 0.5)

    assert loss[0] == pytest.approx(right(colors, betas), rel=1e-5)
    # along one direction
    steps = [random.normal(size=x.shape) for x in (colors, betas)]
    ends = [
        right(*(x.astype(np.float64) + s * d for x, d in zip((colors, betas), steps, strict=True)))
        for s in (1e-6, -1e-6)
    ]
    along = sum((g * d).sum() for g, d in zip(grads[:2], steps, strict=True))
    assert along == pytest.approx(3 * (ends[0] - ends[1]) / 2e-6, rel=1e-3)
    if wide == 3:
        np.testing.assert_array_equal(grads[2], -grads[0])


def test_neighbours(host):
    (points,) = empty((400, 3))
    host.call("points", 100, 1 / 64, 7, 3, 128, points)
    right = neighbour_reference.neighbour_points(100, 1 / 64, 7, 3, 128)
    np.testing.assert_allclose(points, right, rtol=1e-6)

    features, two = normal(3, 400, 2), np.float32([2.0])
    values, total, grad = empty((3, 200), (1,), (3, 400, 2))
    host.call("variation", 3, 200, 0.25, features, two, values, total, grad)
    right = neighbour_reference.neighbour_variation(features.astype(np.float64), 0.25)
    assert total[0] == pytest.approx(right, rel=1e-5)
    # of a quadratic form: the gradient times the point is twice the value
    assert (grad.astype(np.float64) * features).sum() == pytest.approx(2 * 2 * right, rel=1e-4)
    np.testing.assert_allclose(grad.reshape(3, 4, -1).sum(1), 0, atol=1e-4)


def test_levels_of_detail(host):
    unit, features = normal(100, 3), normal(3, 100, 5, seed=1)
    rows = empty((100, 8), (100, 8))
    by_unit, by_features = empty((100, 3), (3, 100, 5))
    host.call("lods", 100, 5, unit, features, *rows, by_unit, by_features)
    right = lod_reference.lod_inputs(unit, features, [0, 2])
    for found, expected in zip(rows, right, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    coarse, fine = rows  # which are the gradients, too
    np.testing.assert_allclose(by_unit, coarse[:, :3] + fine[:, :3], rtol=1e-6)
    expected = [coarse[:, 3:] + fine[:, 3:], fine[:, 3:], fine[:, 3:]]
    np.testing.assert_allclose(by_features, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("columns", [1, 4])
def test_errors(host, kind, columns):
    found, truth = normal(300, columns), normal(300, 1, seed=1)
    values, gradient, loss = empty((300, columns), (300, columns), (1,))
    args = 300, columns, KINDS.index(kind), 0.02, 1.5, found, truth
    host.call("errors", *args, values, gradient, loss)
    how = truth.astype(np.float64), kind, 0.02, 1.5
    right = error_reference.relative_error(found.astype(np.float64), *how)
    assert loss[0] == pytest.approx(right, rel=1e-4)
    step = np.random.default_rng(4).normal(size=found.shape)
    ends = [
        error_reference.relative_error(found + s * step, *how, sizes=found) for s in (1e-7, -1e-7)
    ]
    along = (gradient.astype(np.float64) * step).sum()
    assert along == pytest.approx((ends[0] - ends[1]) / 2e-7, rel=1e-3)
