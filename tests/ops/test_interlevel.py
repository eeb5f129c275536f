"""The losses of proposals: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.interlevel import interlevel, interlevel_blurred, reference
from tests.ops.step_functions import histogram, single, slope

PROPOSAL, FIELD = [9, 0, 1, 40, 3, 0], [4, 5, 1, 24, 0, 0]
FORMS = {
    "histogram": (interlevel, reference.interlevel, {"eps": 1e-3}),
    "blurred": (interlevel_blurred, reference.interlevel_blurred, {"radius": 0.03, "eps": 1e-3}),
    "narrow": (interlevel_blurred, reference.interlevel_blurred, {"radius": 0.003, "eps": 1e-3}),
}


def run(form, proposal, field, cotangent=None, **how):
    op, _, usual = FORMS[form]
    mine, other = ([jt.array(a) for a in single(arrays)] for arrays in (proposal, field))
    loss = op(tuple(mine), tuple(other), **(usual | how))
    if cotangent is None:
        return loss.numpy()
    return loss.numpy(), jt.grad((loss * jt.array(cotangent)).sum(), mine[2]).numpy()


@pytest.mark.parametrize("form", FORMS)
def test_value_and_gradient(device, form):
    proposal, field = histogram(PROPOSAL), histogram(FIELD, seed=1)
    proposal[2] *= 0.5  # less than the field has, here and there
    cotangent = np.random.default_rng(1).normal(size=len(PROPOSAL))
    loss, grad = run(form, proposal, field, cotangent.astype(np.float32))
    _, right, how = FORMS[form]
    starts, ends, weights, packed = proposal

    def total(w):
        return right(starts, ends, w, packed, field[:3], field[3], **how)

    assert total(weights).max() > 0.01
    np.testing.assert_allclose(loss, total(weights), rtol=2e-4, atol=1e-6)
    numeric = slope(lambda w: total(w) @ cotangent, weights, 1e-7)
    np.testing.assert_allclose(grad, numeric, rtol=2e-3, atol=2e-4)


def test_the_fields_own_histogram_costs_nothing(device):
    """And a proposal of coarser bins with the same weights neither."""
    arrays = histogram([30, 12])
    assert not run("histogram", arrays, arrays).any()
    edges, weights = np.append(arrays[0][:30:2], 1.0), arrays[2][:30].reshape(15, 2).sum(1)
    one = np.int32([[0, 15]])
    coarse = [edges[:-1], edges[1:], weights, one]
    fine = [*(v[:30] for v in arrays[:3]), np.int32([[0, 30]])]
    assert run("histogram", coarse, fine, eps=1e-7)[0] < 1e-7


def test_without_a_blur_it_is_the_histogram(device):
    """The blurred form at r -> 0 compares the field's weight within each bin of the proposal."""
    proposal, field = histogram([20]), histogram([33], seed=2)
    edges = np.append(proposal[0], 1.0)
    within = np.diff(np.interp(edges, np.append(field[0], 1.0), np.append(0, np.cumsum(field[2]))))
    right = (np.maximum(0, within - proposal[2]) ** 2 / (proposal[2] + 1e-3)).sum()
    for radius in (0.0, 1e-9, 1e-6):
        np.testing.assert_allclose(
            run("blurred", proposal, field, radius=radius), [right], rtol=1e-4
        )


def test_the_blur_is_a_convolution(device):
    """Against sums over a fine grid; what is blurred beyond the ends of the ray is lost."""
    field, r, n = histogram([11], seed=4), 0.05, 200_000
    x = (np.arange(n) + 0.5) / n
    density = np.repeat(0.0, n)
    for start, end, w in zip(*field[:3], strict=True):
        if end > start:
            density[(x > start) & (x < end)] = w / (end - start)
    below = np.concatenate([[0], np.cumsum(density) / n])
    grid = np.arange(n + 1) / n
    spread = (np.interp(x + r, grid, below) - np.interp(x - r, grid, below)) / (2 * r)
    edges = np.linspace(0, 1, 8)
    within = [spread[(x > a) & (x < a + 1 / 7)].sum() / n for a in edges[:-1]]
    empty = [edges[:-1], edges[1:], np.zeros(7), np.int32([[0, 7]])]
    found = run("blurred", empty, field, radius=r, eps=1.0)
    np.testing.assert_allclose(found, [np.square(within).sum()], rtol=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_no_weight_and_equal_edges_are_finite(device, form):
    """A proposal that sees nothing, a field of one place: an error that is finite, and so its gradient."""
    proposal, place = histogram([12]), [np.full(2, 1.0), np.full(2, 1.0), np.full(2, 0.4)]
    proposal[2][:] = 0
    place.append(np.int32([[0, 2]]))
    loss, grad = run(form, proposal, place, np.ones(1, np.float32))
    assert np.isfinite(loss).all() and np.isfinite(grad).all() and loss[0] > 0 and grad[-1] < 0
    place[2][:] = 0
    loss, grad = run(form, proposal, place, np.ones(1, np.float32))
    assert not loss.any() and not grad.any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_nothing_to_cover(device, form, counts):
    nothing = histogram(counts)
    assert run(form, nothing, nothing).tolist() == [0.0] * len(counts)


@pytest.mark.parametrize("form", FORMS)
def test_padding_and_threads_change_no_bit(form):
    proposal, field = histogram([17, 0, 40] * 60), histogram([20, 3, 31] * 60, seed=3)
    ones = np.ones(180, np.float32)
    runs = [with_threads(n, lambda: run(form, proposal, field, ones)) for n in (1, 2)]
    longer = [np.concatenate([v, np.full(5, np.nan)]) for v in proposal[:3]] + proposal[3:]
    loss, grad = run(form, longer, field, ones)
    for (one, two), found in zip(zip(*runs, strict=True), (loss, grad[:-5]), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, found)
    assert not grad[-5:].any()


def test_wrong_arguments_are_named():
    one, two = histogram([3]), histogram([3, 2])
    with pytest.raises(ValueError, match="2 rays of the proposal, 1 of the field"):
        run("histogram", two, one)
    with pytest.raises(ValueError, match="radius is -1; it must be at least 0"):
        run("blurred", one, one, radius=-1)
    with pytest.raises(ValueError, match=r"of the field have shapes \[\[3\], \[3\], \[2\]\]"):
        run("histogram", one, [*one[:2], one[2][:2], one[3]])
