"""pick_rows, add_rows, split_columns, join_columns: reference against kernel, each the other's gradient, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.columns import join_columns, split_columns
from jnerf.ops.columns import reference as columns_reference
from jnerf.ops.pick_rows import add_rows, pick_rows
from jnerf.ops.pick_rows import reference as rows_reference


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("rest", [(), (1,), (5,), (2, 3)])
def test_rows(device, rest):
    table, ids = normal(9, *rest), np.arange(20, dtype=np.int32)
    rows = np.int32([3, 3, 0, 8, 3, 7])
    tv, cotangent = jt.array(table), normal(6, *rest, seed=1)
    picked, numbers = pick_rows([tv, jt.array(ids)], jt.array(rows))
    np.testing.assert_array_equal(picked.numpy(), rows_reference.pick_rows(table, rows))
    assert numbers.numpy().tolist() == rows.tolist()
    grad = jt.grad((picked * jt.array(cotangent)).sum(), tv).numpy()
    summed = rows_reference.add_rows(cotangent, rows, 9)
    np.testing.assert_allclose(grad, summed, rtol=1e-6)

    values = jt.array(cotangent)
    added = add_rows(values, jt.array(rows), 9)
    np.testing.assert_array_equal(added.numpy(), grad)
    back = jt.grad((added * jt.array(table)).sum(), values).numpy()
    np.testing.assert_array_equal(back, rows_reference.pick_rows(table, rows))


def test_picking_is_linear_and_adding_its_transpose():
    # <pick(table), v> = <table, add(v)>: what a gradient is, in float64
    random = np.random.default_rng(2)
    table, v, rows = random.normal(size=(7, 3)), random.normal(size=(11, 3)), np.arange(11) % 5
    one = (rows_reference.pick_rows(table, rows) * v).sum()
    assert one == pytest.approx((table * rows_reference.add_rows(v, rows, 7)).sum())


def test_sums_do_not_depend_on_threads():
    values, rows = normal(4000, 7), np.random.default_rng(3).integers(0, 13, 4000).astype(np.int32)
    found = [
        with_threads(n, lambda: add_rows(jt.array(values), jt.array(rows), 13).numpy())
        for n in (1, 2, 5)
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_no_rows_and_wrong_ones(device):
    none = jt.zeros((0,), "int32")
    assert [list(a.shape) for a in pick_rows([jt.zeros((4, 2)), none], none)] == [[0, 2], [0]]
    assert add_rows(jt.zeros((0, 2)), none, 3).numpy().tolist() == [[0, 0]] * 3
    with pytest.raises(ValueError, match=r"pick_rows: 1 rows of float32 \[0,2,\]|\[0, 2\]"):
        pick_rows([jt.zeros((0, 2))], jt.array([0]))
    with pytest.raises(ValueError, match=r"add_rows: values are float32 \[2, 1\] and rows 1"):
        add_rows(jt.zeros((2, 1)), jt.array([0]), 3)
    with pytest.raises(ValueError, match=r"rows are float32"):
        pick_rows([jt.zeros((2, 1))], jt.zeros((1,)))


@pytest.mark.parametrize("widths", [(1, 4), (3,), (2, 1, 2)])
def test_columns(device, widths):
    x, n = normal(31, sum(widths)), len(widths)
    xv, cotangents = jt.array(x), [normal(31, w, seed=w + 7) for w in widths]
    parts = split_columns(xv, widths)
    for part, right in zip(parts, columns_reference.split_columns(x, widths), strict=True):
        np.testing.assert_array_equal(part.numpy(), right)
    total = sum((p * jt.array(c)).sum() for p, c in zip(parts, cotangents, strict=True))
    grad = jt.grad(total, xv).numpy()
    np.testing.assert_array_equal(grad, columns_reference.join_columns(cotangents))
    if n > 1:  # what nothing depends on gets zeros
        grad = jt.grad(split_columns(xv, widths)[1].sum(), xv).numpy()
        ones = [np.full_like(c, k == 1) for k, c in enumerate(cotangents)]
        np.testing.assert_array_equal(grad, columns_reference.join_columns(ones))

    given = [jt.array(c) for c in cotangents]
    joined = join_columns(given)
    np.testing.assert_array_equal(joined.numpy(), columns_reference.join_columns(cotangents))
    for found, right in zip(
        jt.grad((joined * xv).sum(), given),
        columns_reference.split_columns(x, widths),
        strict=True,
    ):
        np.testing.assert_array_equal(found.numpy(), right)


def test_no_columns_and_wrong_ones(device):
    assert [list(p.shape) for p in split_columns(jt.zeros((0, 3)), [1, 2])] == [[0, 1], [0, 2]]
    assert list(join_columns([jt.zeros((0, 1)), jt.zeros((0, 2))]).shape) == [0, 3]
    with pytest.raises(ValueError, match=r"widths \[1, 1\] of \[4,"):
        split_columns(jt.zeros((4, 3)), [1, 1])
    with pytest.raises(ValueError, match=r"shapes are \[\[2, 1\], \[3, 1\]\]"):
        join_columns([jt.zeros((2, 1)), jt.zeros((3, 1))])
