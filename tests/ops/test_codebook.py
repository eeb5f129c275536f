"""codebook_lookup: reference against kernel, straight-through gradients, edge cases."""

import jittor as jt
import numpy as np
import pytest
from finite_differences import row_gradient
from threads import with_threads

from jnerf.ops.codebook import codebook_keys, codebook_lookup, reference


def arrays(rows=(5, 0, 40), keys=16, width=4, dtype=np.float32, seed=0):
    random = np.random.default_rng(seed)
    starts = np.int32([0, *np.cumsum(rows)])
    logits = random.normal(size=(starts[-1], keys)).astype(dtype)
    books = random.normal(size=(len(rows), keys, width)).astype(dtype)
    return logits, books, starts, random.normal(size=(starts[-1], width)).astype(dtype)


def value_and_gradients(logits, books, starts, grad):
    c, d = jt.array(logits), jt.array(books)
    values = codebook_lookup(c, d, jt.array(starts))
    return [v.numpy() for v in (values, *jt.grad((values * jt.array(grad)).sum(), [c, d]))]


def test_reference_gradients_by_finite_differences():
    logits, books, starts, grad = arrays(dtype=np.float64)
    to_logits, to_books = reference.codebook_grad(logits, books, starts, grad)
    numeric = row_gradient(lambda c: reference.codebook_soft(c, books, starts), logits, grad)
    np.testing.assert_allclose(to_logits, numeric, atol=1e-7)
    hard = (reference.codebook_lookup(logits, books, starts) * grad).sum()
    assert (to_books * books).sum() == pytest.approx(hard)  # linear in the codebooks


@pytest.mark.parametrize("keys, width", [(16, 16), (64, 5), (2, 1)])
def test_kernels_are_the_reference(device, keys, width):
    logits, books, starts, grad = arrays(keys=keys, width=width)
    grad[3] = grad[20] = 0  # rows that no sample met
    values, to_logits, to_books = value_and_gradients(logits, books, starts, grad)
    np.testing.assert_array_equal(values, reference.codebook_lookup(logits, books, starts))
    expected = reference.codebook_grad(logits, books, starts, grad)
    np.testing.assert_allclose(to_logits, expected[0], atol=1e-5)
    np.testing.assert_allclose(to_books, expected[1], atol=1e-5)
    assert (to_logits[[3, 20]] == 0).all()
    found = codebook_keys(*map(jt.array, (logits, books, starts)))
    assert found.is_stop_grad() and found.numpy().tolist() == np.argmax(logits, 1).tolist()


def test_of_equal_logits_the_first_and_large_ones_do_not_overflow(device):
    logits = np.float32([[1, 1, 0], [-3e38, 3e38, 3e38], [200, -200, 0]])
    books = np.float32([[[1], [2], [3]]])
    values, to_logits, _ = value_and_gradients(
        logits, books, np.int32([0, 3]), np.ones((3, 1), np.float32)
    )
    assert values.ravel().tolist() == [1, 2, 1] and np.isfinite(to_logits).all()


@pytest.mark.parametrize("rows", [(0,), (1,), (0, 1)])
def test_few_rows(device, rows):
    given = arrays(rows)
    values, to_logits, to_books = value_and_gradients(*given)
    assert values.shape == (sum(rows), 4) and to_logits.shape == (sum(rows), 16)
    np.testing.assert_allclose(to_books, reference.codebook_grad(*given)[1], atol=1e-6)


def test_codebooks_of_levels_without_rows_get_no_gradient(device):
    logits, books, starts, grad = arrays((9, 4))
    more = np.concatenate([books, np.ones_like(books[:1])])
    found = value_and_gradients(logits, more, starts, grad)
    for a, b in zip(found, value_and_gradients(logits, books, starts, grad), strict=True):
        np.testing.assert_array_equal(a[: len(b)], b)
    assert (found[2][2] == 0).all()


def test_bits_do_not_depend_on_threads():
    given = arrays((1000, 3000))
    results = [with_threads(n, lambda: value_and_gradients(*given)) for n in (1, 2, 9)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    with pytest.raises(
        ValueError, match=r"logits are float32 \[4, 8\] and codebooks float32 \[1, 16, 2\]"
    ):
        codebook_lookup(jt.zeros((4, 8)), jt.zeros((1, 16, 2)), jt.array([0, 4]))
    with pytest.raises(ValueError, match=r"1 codebooks need int32 \[2\]"):
        codebook_keys(jt.zeros((4, 16)), jt.zeros((1, 16, 2)), jt.array([0, 2, 4]))
