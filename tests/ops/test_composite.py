"""composite: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.composite import composite, reference

GRADS = ("colors", "opacities", "depths", "weights", "trans")


def scene(counts, seed=0, density=30.0, dtype=np.float32):
    random = np.random.default_rng(seed)
    counts = np.asarray(counts)
    packed = np.stack([np.cumsum(counts) - counts, counts], axis=1).astype(np.int32)
    n = int(counts.sum())
    sigmas = random.exponential(density, n).astype(dtype)
    rgbs = random.random((n, 3)).astype(dtype)
    starts = np.concatenate([np.sort(random.random(c)) for c in counts] or [[]]).astype(dtype)
    ends = starts + dtype(0.01)
    background = random.random((len(counts), 3)).astype(dtype)
    return [sigmas, rgbs, starts, ends, packed], background


def as_vars(arrays):
    return [jt.array(a) for a in arrays]


@pytest.mark.parametrize("with_background", [False, True])
@pytest.mark.parametrize("early_stop", [0.0, 1e-4, 0.3])
def test_forward_matches_the_reference(device, with_background, early_stop):
    arrays, background = scene([5, 0, 1, 17, 40, 0])
    background = background if with_background else None
    expected = reference.composite(*arrays, background, early_stop)
    bg = jt.array(background) if with_background else None
    outputs = composite(*as_vars(arrays), bg, early_stop)
    for output, truth in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output.numpy(), truth, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("channel", GRADS)
@pytest.mark.parametrize("density", [1.0, 30.0, 300.0])
def test_gradients_by_finite_differences(device, channel, density):
    early_stop = 0.05
    arrays, background = scene([5, 0, 1, 12], density=density, dtype=np.float64)
    index = GRADS.index(channel)
    truth = reference.composite(*arrays, background, early_stop)[index]
    cotangent = np.random.default_rng(5).normal(size=truth.shape)

    def loss(sigmas, rgbs):
        out = reference.composite(sigmas, rgbs, *arrays[2:], background, early_stop)
        return (out[index] * cotangent).sum()

    single = as_vars([a.astype(np.float32) if a.dtype == np.float64 else a for a in arrays])
    outputs = composite(*single, jt.array(background.astype(np.float32)), early_stop)
    total = (outputs[index] * jt.array(cotangent.astype(np.float32))).sum()
    grads = [g.numpy() for g in jt.grad(total, single[:2])]
    h = 1e-6
    for which in (0, 1):
        for at in np.ndindex(arrays[which].shape):
            step = np.zeros_like(arrays[which])
            step[at] = h
            plus = [a + step if k == which else a for k, a in enumerate(arrays[:2])]
            minus = [a - step if k == which else a for k, a in enumerate(arrays[:2])]
            numeric = (loss(*plus) - loss(*minus)) / (2 * h)
            assert grads[which][at] == pytest.approx(numeric, rel=2e-3, abs=1e-5)


@pytest.mark.parametrize("opaque, last_color", [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("early_stop", [0.0, 0.05])
def test_what_closes_the_end_of_a_ray(device, opaque, last_color, early_stop):
    """An opaque last sample, and one whose colour fills the rest: values, and gradients by finite differences."""
    arrays, background = scene([5, 0, 1, 12], density=20.0, dtype=np.float64)
    background = None if last_color else background
    how = {"early_stop": early_stop, "opaque": opaque, "last_color": last_color}
    right = reference.composite(*arrays, background, **how)
    random = np.random.default_rng(2)
    cotangents = [random.normal(size=v.shape) for v in right]
    single = as_vars([a.astype(np.float32) if a.dtype == np.float64 else a for a in arrays])
    bg = None if background is None else jt.array(background.astype(np.float32))
    outputs = composite(*single, bg, **how)
    for found, want in zip(outputs, right, strict=True):
        np.testing.assert_allclose(found.numpy(), want, rtol=1e-4, atol=1e-5)
    if opaque and not early_stop:
        np.testing.assert_allclose(outputs.opacities.numpy()[[0, 2, 3]], 1, atol=1e-6)

    def loss(*given):
        values = reference.composite(*given, *arrays[2:], background, **how)
        return sum((g * v).sum() for g, v in zip(cotangents, values, strict=True))

    pairs = zip(cotangents, outputs, strict=True)
    total = sum((jt.array(g.astype(np.float32)) * v).sum() for g, v in pairs)
    grads = [g.numpy() for g in jt.grad(total, single[:2])]
    for which in (0, 1):
        for at in np.ndindex(arrays[which].shape):
            step = np.zeros_like(arrays[which])
            step[at] = 1e-6
            plus = [a + step if k == which else a for k, a in enumerate(arrays[:2])]
            minus = [a - step if k == which else a for k, a in enumerate(arrays[:2])]
            numeric = (loss(*plus) - loss(*minus)) / 2e-6
            assert grads[which][at] == pytest.approx(numeric, rel=2e-3, abs=2e-4)


@pytest.mark.parametrize("counts", [[5, 0, 1, 12], [0, 0]])
def test_weights_without_colors(device, counts):
    """They, and what they give densities, are those of a render with colours."""
    arrays, _ = scene(counts)
    results = []
    for rgbs in (jt.array(arrays[1]), None):
        sigmas, _, *rest = as_vars(arrays)
        found = composite(sigmas, rgbs, *rest, opaque=True)
        cotangent = jt.array(np.arange(len(arrays[0]), dtype=np.float32))
        loss = (found.weights * cotangent).sum() + found.depths.sum()
        grad = jt.grad(loss, [sigmas])[0] if len(arrays[0]) else jt.zeros((0,))
        results.append([v.numpy() for v in (*found[1:], grad)])
    assert found.colors is None
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="without rgbs"):
        composite(sigmas, None, *rest, last_color=True)


def test_two_backgrounds_are_refused():
    arrays, background = scene([2])
    with pytest.raises(ValueError, match="give either a background or last_color"):
        composite(*as_vars(arrays), jt.array(background), last_color=True)


def test_rows_behind_the_samples_are_padding(device):
    """They weigh nothing and get no gradient, whatever is in them; all else stays as it is."""
    arrays, background = scene([5, 0, 1, 17, 0])
    size, rows = 23, 60
    longer = [
        np.concatenate([a, np.full((rows - size, *a.shape[1:]), np.nan, a.dtype)])
        for a in arrays[:4]
    ]
    results = []
    for given in (arrays, [*longer, arrays[4]]):
        given = as_vars(given)
        out = composite(*given, jt.array(background))
        loss = out.colors.sum() + (out.weights[:size] * 3).sum() + out.trans[:size].sum()
        grads = [g.numpy() for g in jt.grad(loss, given[:2])]
        results.append([*(v.numpy() for v in out), *grads])
    for exact, padded in zip(*results, strict=True):
        np.testing.assert_array_equal(padded[: len(exact)], exact)
    *_, weights, trans, grad_sigmas, grad_rgbs = results[1]
    assert len(weights) == rows and not weights[size:].any() and (trans[size:] == 1).all()
    assert not grad_sigmas[size:].any() and not grad_rgbs[size:].any()


def test_opaque_ray_sees_no_background(device):
    arrays, background = scene([3], density=1e6)
    colors = composite(*as_vars(arrays), jt.array(background)).colors.numpy()
    np.testing.assert_allclose(colors[0], arrays[1][0], atol=1e-5)


def test_empty_rays_show_the_background(device):
    arrays, background = scene([0, 4, 0])
    outputs = composite(*as_vars(arrays), jt.array(background))
    np.testing.assert_array_equal(outputs.colors.numpy()[[0, 2]], background[[0, 2]])
    assert (outputs.opacities.numpy()[[0, 2]] == 0).all()


@pytest.mark.parametrize("counts", [[], [0, 0]])
def test_no_samples_at_all(device, counts):
    arrays, background = scene(counts)
    outputs = composite(*as_vars(arrays), jt.array(background))
    assert list(outputs.colors.shape) == [len(counts), 3]
    assert list(outputs.weights.shape) == [0]
    np.testing.assert_array_equal(outputs.colors.numpy(), background)


def test_weights_of_a_ray_and_its_rest_sum_to_one(device):
    arrays, _ = scene([200], density=5.0)
    outputs = composite(*as_vars(arrays), None, 0.0)
    rest = np.exp(-(arrays[0] * (arrays[3] - arrays[2])).sum())
    assert outputs.opacities.numpy().item() + rest == pytest.approx(1, abs=1e-5)


def test_nan_density_reaches_the_colour(device):
    arrays, _ = scene([4, 4])
    arrays[0][1] = np.nan
    colors = composite(*as_vars(arrays)).colors.numpy()
    assert np.isnan(colors[0]).all() and np.isfinite(colors[1]).all()


def test_bits_do_not_depend_on_threads():
    arrays, background = scene([7] * 3000)

    def run():
        inputs = as_vars(arrays)
        outputs = composite(*inputs, jt.array(background))
        total = (outputs.colors * outputs.colors).sum()
        return [v.numpy() for v in (*outputs, *jt.grad(total, inputs[:2]))]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        assert (one == two).all()


def test_wrong_shapes_are_named():
    arrays, background = scene([2, 3])
    with pytest.raises(ValueError, match=r"background has shape \[1, 3\]; expected \[2, 3\]"):
        composite(*as_vars(arrays), jt.array(background[:1]))
    arrays[1] = arrays[1][:4]
    with pytest.raises(ValueError, match=r"rgbs has shape \[4, 3\]; expected \[5, 3\]"):
        composite(*as_vars(arrays))
