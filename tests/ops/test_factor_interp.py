"""factor_interp: reference against kernel, gradients, the boundary, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.factor_interp import cp_interp, reference, vm_interp

SIZES = (5, 4, 3)  # along x, y, z
SPLITS = reference.SPLITS


def tables(kind, widths, seed=0):
    random = np.random.default_rng(seed)

    def table(*shape):
        return random.normal(size=shape).astype(np.float32)

    if kind == "cp":
        return [[table(n, widths[0]) for n in SIZES]]
    planes = [table(SIZES[b], SIZES[a], w) for ((a, b), _), w in zip(SPLITS, widths, strict=True)]
    return [planes, [table(SIZES[c], w) for (_, c), w in zip(SPLITS, widths, strict=True)]]


def places(n, seed=1):
    return np.random.default_rng(seed).random((n, 3)).astype(np.float32)


def flat(groups):
    return [table for group in groups for table in group]


def run(kind, x, groups, summed, grad_out, known=None):
    """Values, gradient of positions, gradients of the tables."""
    op = vm_interp if kind == "vm" else cp_interp
    x, groups = jt.array(x), [[jt.array(t) for t in group] for group in groups]
    values = op(x, *groups, summed, known)
    grads = jt.grad((values * jt.array(grad_out)).sum(), [x, *flat(groups)])
    return [values.numpy(), *(grad.numpy() for grad in grads)]


def expected(kind, x, groups, summed):
    return (reference.vm_interp if kind == "vm" else reference.cp_interp)(x, *groups, summed)


def table_gradients(kind, x, groups, summed, grad_out):
    """The value is linear in each table: central differences with a wide step are exact."""
    wide = [[table.astype(np.float64) for table in group] for group in groups]
    grads = []
    for table in flat(wide):
        grad = np.zeros(table.shape)
        for at in np.ndindex(table.shape):
            kept, ends = table[at], []
            for step in (0.5, -0.5):
                table[at] = kept + step
                ends.append((expected(kind, x, wide, summed) * grad_out).sum())
            table[at] = kept
            grad[at] = ends[0] - ends[1]
        grads.append(grad)
    return grads


CASES = [("vm", (1, 1, 1)), ("vm", (2, 5, 3)), ("cp", (1,)), ("cp", (5,))]


@pytest.mark.parametrize("kind, widths", CASES)
@pytest.mark.parametrize("summed", [False, True])
def test_forward_and_backward_match_the_reference(device, kind, widths, summed):
    groups, x = tables(kind, widths), places(12)
    x[0], x[1] = -0.5, 1.7  # outside: the face's value, no gradient across
    shape = (12,) if summed else (12, sum(widths))
    grad_out = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    values, grad_x, *grads = run(kind, x, groups, summed, grad_out)
    np.testing.assert_allclose(values, expected(kind, x, groups, summed), atol=5e-6)
    rows = grad_out.reshape(12, -1)
    numeric = row_gradient(lambda u: expected(kind, u, groups, summed).reshape(12, -1), x, rows)
    np.testing.assert_allclose(grad_x, numeric, atol=2e-4)
    np.testing.assert_array_equal(grad_x[:2], 0)
    for found, right in zip(grads, table_gradients(kind, x, groups, summed, grad_out), strict=True):
        np.testing.assert_allclose(found, right, atol=2e-5)


@pytest.mark.parametrize("kind, widths", [("vm", (16, 29, 4)), ("vm", (8, 24, 7)), ("cp", (31,))])
def test_wide_rows_and_their_sum(device, kind, widths):
    groups, x = tables(kind, widths), places(33)
    grad_out = np.random.default_rng(3).normal(size=33).astype(np.float32)
    rows = run(kind, x, groups, False, np.repeat(grad_out[:, None], sum(widths), 1))
    total = run(kind, x, groups, True, grad_out)
    np.testing.assert_allclose(rows[0], expected(kind, x, groups, False), atol=1e-5)
    np.testing.assert_allclose(rows[0].sum(1), total[0], atol=1e-4)
    for of_rows, of_sum in zip(rows[1:], total[1:], strict=True):
        np.testing.assert_allclose(of_rows, of_sum, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind, widths", CASES[1::2])
def test_vertices_are_met_exactly(device, kind, widths):
    groups = tables(kind, widths)
    at = np.array(list(np.ndindex(SIZES)))
    x = (at / (np.array(SIZES) - 1)).astype(np.float32)  # 0 and 1 are among them
    op = vm_interp if kind == "vm" else cp_interp
    values = op(jt.array(x), *[[jt.array(t) for t in group] for group in groups]).numpy()
    if kind == "cp":
        right = np.prod([line[at[:, d]] for d, line in enumerate(groups[0])], axis=0)
    else:
        parts = [
            plane[at[:, b], at[:, a]] * line[at[:, c]]
            for ((a, b), c), plane, line in zip(SPLITS, *groups, strict=True)
        ]
        right = np.concatenate(parts, 1)
    np.testing.assert_allclose(values, right, atol=5e-6)


@pytest.mark.parametrize("kind, widths", CASES[1::2])
def test_values_far_outside_and_nan(device, kind, widths):
    groups = tables(kind, widths)
    x = np.array([[1e30, -1e30, 3e38], [np.inf, -np.inf, np.inf], [np.nan, 0, 0]], np.float32)
    values, grad_x, *_ = run(kind, x, groups, True, np.float32([1, 1, 0]))
    corner = expected(kind, np.float32([[1, 0, 1]]), groups, True)
    np.testing.assert_allclose(values[:2], corner.repeat(2), atol=1e-5)
    np.testing.assert_array_equal(grad_x[:2], 0)
    assert np.isnan(values[2])


@pytest.mark.parametrize("kind, widths", CASES[1::2])
@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("summed", [False, True])
def test_few_samples(device, kind, widths, n, summed):
    groups, x = tables(kind, widths), places(n)
    shape = (n,) if summed else (n, sum(widths))
    values, grad_x, *grads = run(kind, x, groups, summed, np.ones(shape, np.float32))
    assert values.shape == shape and grad_x.shape == (n, 3)
    if n == 0:
        assert not any(grad.any() for grad in grads)


@pytest.mark.parametrize("kind, widths", CASES[1::2])
def test_what_is_known_is_not_looked_up_again(device, kind, widths):
    groups, x = tables(kind, widths), places(9)
    grad_out = np.ones(9, np.float32)
    first = run(kind, x, groups, True, grad_out)
    told = run(kind, x, groups, True, grad_out, jt.array(np.float32(np.arange(9))))
    np.testing.assert_array_equal(told[0], np.arange(9))
    for a, b in zip(first[1:], told[1:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_non_contiguous_input(device):
    groups, x = tables("vm", (4, 4, 4)), places(20)
    strided = jt.array(np.hstack([x, x]))[::2, 3:]
    swapped = [jt.array(np.ascontiguousarray(p.transpose(2, 0, 1))) for p in groups[0]]
    planes = [plane.transpose(1, 2, 0) for plane in swapped]
    values = vm_interp(strided, planes, [jt.array(line) for line in groups[1]]).numpy()
    np.testing.assert_allclose(values, reference.vm_interp(x[::2], *groups), atol=5e-6)


def test_nobody_asks_for_what_stands_still():
    groups = [[jt.array(t) for t in group] for group in tables("vm", (2, 2, 2))]
    x = jt.array(places(5)).stop_grad()
    line = groups[1][0]
    grad = jt.grad(vm_interp(x, *groups, True).sum(), [line])[0]
    assert grad.numpy().any()
    fixed = [[t.stop_grad() for t in group] for group in groups]
    moving = jt.array(places(5))
    grad = jt.grad(vm_interp(moving, *fixed, True).sum(), [moving])[0]
    assert grad.numpy().any()


@pytest.mark.parametrize("kind, widths", [("vm", (20, 9, 16)), ("cp", (37,))])
@pytest.mark.parametrize("summed", [False, True])
def test_bits_do_not_depend_on_threads(kind, widths, summed):
    groups, x = tables(kind, widths), places(3001)
    shape = (3001,) if summed else (3001, sum(widths))
    grad_out = np.random.default_rng(3).normal(size=shape).astype(np.float32)
    results = [with_threads(n, lambda: run(kind, x, groups, summed, grad_out)) for n in (1, 2, 7)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    planes = [jt.zeros((4, 4, 2))] * 3
    lines = [jt.zeros((4, 2))] * 3
    with pytest.raises(ValueError, match=r"positions are float32 \[5, 2\]"):
        vm_interp(jt.zeros((5, 2)), planes, lines)
    with pytest.raises(ValueError, match="2 planes and 3 lines; give 3 of each"):
        vm_interp(jt.zeros((5, 3)), planes[:2], lines)
    with pytest.raises(ValueError, match=r"plane 1 is float32 \[4, 4, 3\].*\[4, 4, 2\]"):
        vm_interp(jt.zeros((5, 3)), [planes[0], jt.zeros((4, 4, 3)), planes[2]], lines)
    with pytest.raises(ValueError, match=r"line 2 is float32 \[4, 3\].*\[4, 2\]"):
        cp_interp(jt.zeros((5, 3)), [*lines[:2], jt.zeros((4, 3))])
    with pytest.raises(ValueError, match="at least 2 vertices"):
        cp_interp(jt.zeros((5, 3)), [jt.zeros((1, 2))] * 3)
    with pytest.raises(ValueError, match=r"known is \[4\]; the result is \[5\]"):
        cp_interp(jt.zeros((5, 3)), lines, True, jt.zeros((4,)))
