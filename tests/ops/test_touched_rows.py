"""mark_rows, pack_rows, unpack_rows: against their reference, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.touched_rows import mark_rows, pack_rows, unpack_rows, word_firsts
from jnerf.ops.touched_rows.reference import mark_rows as mark_reference
from jnerf.ops.touched_rows.reference import marked


def table_of(n_rows, width, share=0.3, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n_rows, width)).astype(np.float32)
    table[rng.random(n_rows) >= share] = 0
    return table


def packed(table):
    words = mark_rows(jt.array(table))
    firsts, n = word_firsts(words.numpy())
    where = words, jt.array(firsts)
    return pack_rows(jt.array(table), *where, n), where


@pytest.mark.parametrize("n_rows", [0, 1, 31, 32, 33, 200])
@pytest.mark.parametrize("width", [1, 2, 28])
def test_rows_are_those_of_the_reference(device, n_rows, width):
    table = table_of(n_rows, width)
    rows, where = packed(table)
    np.testing.assert_array_equal(where[0].numpy(), mark_reference(table))
    np.testing.assert_array_equal(rows.numpy(), table[marked(mark_reference(table))])


def test_rows_come_back_and_the_others_stay(device):
    table = table_of(100, 3)
    rows, where = packed(table)
    target = jt.ones((100, 3))
    unpack_rows(rows * 2, *where, target)
    kept = (table == 0).all(1)
    np.testing.assert_array_equal(target.numpy(), np.where(kept[:, None], 1, 2 * table))


@pytest.mark.parametrize("value", [np.nan, np.inf, 2e-38])
def test_whatever_is_not_zero_is_marked(device, value):
    table = np.zeros((40, 2), np.float32)
    table[33, 1], table[2, 0] = value, -0.0
    assert mark_rows(jt.array(table)).numpy().tolist() == [0, 2]


def test_non_contiguous_table(device):
    table = table_of(2, 40)
    np.testing.assert_array_equal(
        mark_rows(jt.array(table).transpose(1, 0)).numpy(), mark_reference(table.T)
    )


def test_bits_do_not_depend_on_threads():
    table = table_of(10_007, 2)
    one, two = (with_threads(n, lambda: packed(table)[0].numpy()) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_sizes_that_disagree():
    words = jt.zeros((2,), "int32")
    with pytest.raises(ValueError, match=r"a table of 100 rows has int32 \[4\]"):
        pack_rows(jt.zeros((100, 2)), words, words, 0)
    with pytest.raises(ValueError, match=r"table is float32 \[100\]"):
        mark_rows(jt.zeros((100,)))
