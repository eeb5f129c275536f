"""The CUDA paths of a low-rank grid's ops, run on the CPU, against the references."""

import numpy as np
import pytest
from finite_differences import row_gradient

from jnerf.ops.cell_mask.reference import cell_mask
from jnerf.ops.factor_interp import reference
from jnerf.ops.heavy_samples.reference import heavy_samples

SIZES = np.int32([5, 4, 3])


@pytest.fixture(scope="module")
def library(cuda_host):
    found = cuda_host.library("factors")
    found.play()
    return found


def tables(kind, widths):
    random = np.random.default_rng(5)
    shapes = [(n, widths[0]) for n in SIZES]
    if kind == "vm":
        planes = [(SIZES[b], SIZES[a], w) for ((a, b), _), w in zip(reference.SPLITS, widths, strict=True)]  # fmt: skip
        shapes = planes + [(SIZES[c], w) for (_, c), w in zip(reference.SPLITS, widths, strict=True)]  # fmt: skip
    return [random.normal(size=shape).astype(np.float32) for shape in shapes]


@pytest.mark.parametrize("kind, widths", [("vm", [17, 4, 9]), ("cp", [11])])
@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("n", [0, 1, 70])
def test_factors(library, kind, widths, summed, n):
    random = np.random.default_rng(n)
    x = random.uniform(-0.1, 1.1, (n, 3)).astype(np.float32)
    groups = tables(kind, widths)
    shape = (n,) if summed else (n, sum(widths))
    grad = random.normal(size=shape).astype(np.float32)
    out, grad_x = np.full(shape, np.nan, np.float32), np.full((n, 3), np.nan, np.float32)
    together = np.concatenate([t.ravel() for t in groups])
    grads = np.full_like(together, np.nan)
    library.call(kind, n, summed, SIZES, np.int32(widths), x, together, out, grad, grad_x, grads)

    def right(where):
        if kind == "cp":
            return reference.cp_interp(where, groups, summed)
        return reference.vm_interp(where, groups[:3], groups[3:], summed)

    np.testing.assert_allclose(out, right(x), atol=2e-5)
    width = 1 if summed else sum(widths)
    rows = grad.reshape(n, width)
    numeric = row_gradient(lambda u: right(u).reshape(n, width), x, rows)
    np.testing.assert_allclose(grad_x, numeric, atol=1e-3)
    # The sum is linear in all tables of one place in the products at once: Euler's theorem, for each place.
    ends = np.cumsum([t.size for t in groups])
    parts = [g @ t.ravel() for g, t in zip(np.split(grads, ends[:-1]), groups, strict=True)]
    total = (np.asarray(right(x)) * grad).sum()
    places = [sum(parts[:3]), sum(parts[3:])] if kind == "vm" else parts
    np.testing.assert_allclose(places, [total] * len(places), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 300])
def test_mask(library, n):
    random = np.random.default_rng(n)
    mask = random.random((3, 4, 13)) < 0.5
    x, out = random.uniform(-0.1, 1.1, (n, 3)).astype(np.float32), np.full(n, np.nan, np.float32)
    library.call("mask", n, np.int32(mask.shape[::-1]), x, np.packbits(mask, axis=2), out)
    np.testing.assert_array_equal(out, cell_mask(x, mask))


@pytest.mark.parametrize("n", [0, 1, 40, 1500])
def test_heavy_samples(library, n):
    random = np.random.default_rng(n)
    counts = random.integers(0, 9, n)
    info = np.stack([np.cumsum(counts) - counts, counts], 1).astype(np.int32)
    starts, sigmas = random.random((2, counts.sum())).astype(np.float32)
    ends, sigmas = starts + np.float32(0.2), sigmas * np.float32(20)
    packed, totals = np.full((n, 2), -1, np.int32), np.full(2, -1, np.int32)
    rows = np.full(counts.sum(), -1, np.int32)
    library.call("heavy", n, sigmas, starts, ends, info, 0.03, packed, totals, rows)
    right_rows, right_packed = heavy_samples(sigmas, starts, ends, info, 0.03)
    assert totals.tolist() == [len(right_rows)] * 2
    np.testing.assert_array_equal(rows[: len(right_rows)], right_rows)
    np.testing.assert_array_equal(packed, right_packed)
