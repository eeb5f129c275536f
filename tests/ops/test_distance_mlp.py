"""distance_mlp: values, derivative and gradients of losses of both, against the reference and its differences."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.distance_mlp import distance_mlp
from jnerf.ops.distance_mlp import reference as distance_reference
from jnerf.ops.mlp.shape import n_params

NETS = [  # widths, options, features per group (0: rows), samples
    ([9, 20, 11, 20, 5], {"skip": 2, "beta": 3.0, "x_first": True}, 0, 70),
    ([9, 8, 3], {}, 2, 3),
    ([6, 8, 8, 1], {"beta": 5.0}, 3, 130),
    ([4, 33, 40, 2], {"skip": 1, "n_out": 1}, 0, 64),
]
BALL = {"middle": (0.1, 0.2, 0.3), "scale": 1.5, "radius": 0.7}


def arrays(widths, n, per_group, skip=None, seed=0):
    """Positions, features and parameters, float64."""
    random, n_features = np.random.default_rng(seed), widths[0] - 3
    shape = (n_features // per_group, n, per_group) if per_group else (n, n_features)
    params = 0.5 * random.normal(size=n_params(widths, True, skip))
    return random.normal(size=(n, 3)), random.normal(size=shape), params


def loss(found, factors):
    """A weighted sum of all outputs."""
    return sum((v * f).sum() for v, f in zip(found, factors, strict=True) if v is not None)


def differences(function, x, count=40, h=1e-6):
    """Some numbers of a gradient by central differences, and where they are."""
    places = np.random.default_rng(5).permutation(x.size)[:count]
    found = []
    for place in places:
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved.flat[place] += sign * h
            ends.append(function(moved))
        found.append((ends[0] - ends[1]) / (2 * h))
    return places, np.array(found)


@pytest.mark.parametrize("widths, options, per_group, n", NETS)
def test_values_derivative_and_gradients_of_both(device, widths, options, per_group, n):
    positions, features, params = arrays(widths, n, per_group, options.get("skip"))
    options = options | BALL
    right = distance_reference.distance_mlp(positions, features, params, widths, **options)
    x, f, p = (jt.array(v.astype(np.float32)) for v in (positions, features, params))
    found = distance_mlp(x, f, p, widths, derived=True, **options)
    assert (found.values is None) == (options.get("n_out", widths[-1]) == 1)
    rows = found.by_features
    rows = rows.permute(1, 0, 2).reshape(n, -1) if per_group else rows
    parts = [found.sdf, found.values, found.by_x, rows]
    for part, expected in zip(parts, right, strict=True):
        if part is not None:
            np.testing.assert_allclose(part.numpy(), expected, rtol=1e-4, atol=1e-5)
    random = np.random.default_rng(1)
    factors = [random.normal(size=v.shape) for v in right]
    factors[1] = factors[1] * (found.values is not None)
    total = loss(parts, [jt.array(v.astype(np.float32)) for v in factors])
    grads = [grad.numpy() for grad in jt.grad(total, [p, f])]

    def of(features, params):
        how = distance_reference.distance_mlp(positions, features, params, widths, **options)
        return loss(how, factors)

    for grad, given, function in (
        (grads[0], params, lambda v: of(features, v)),
        (grads[1], features, lambda v: of(v, params)),
    ):
        places, expected = differences(function, given)
        size = np.abs(expected).max()
        np.testing.assert_allclose(grad.flat[places], expected, rtol=1e-3, atol=1e-4 * size)


def test_the_derivative_is_that_of_the_distance():
    widths, options = [7, 16, 16, 3], {"beta": 2.0, "x_first": True}
    positions, features, params = arrays(widths, 5, 0)

    def sdf(x):
        return distance_reference.distance_mlp(x, features, params, widths, **options)[0].sum()

    by_x = distance_reference.distance_mlp(positions, features, params, widths, **options)[2]
    places, expected = differences(sdf, positions, 15)
    np.testing.assert_allclose(by_x.flat[places], expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("which", [0, 2])
def test_losses_of_one_output_alone(which):
    widths, options = [9, 16, 16, 4], {"beta": 4.0, "x_first": True}
    positions, features, params = arrays(widths, 20, 0)
    x, p = jt.array(positions.astype(np.float32)), jt.array(params.astype(np.float32))
    f = jt.array(features.astype(np.float32)).stop_grad()
    found = distance_mlp(x, f, p, widths, derived=which > 0, **options)
    grad = jt.grad(jt.sqr(found[which]).sum(), [p])[0].numpy()

    def of(params):
        how = distance_reference.distance_mlp(positions, features, params, widths, **options)
        return (how[which] ** 2).sum()

    places, expected = differences(of, params)
    size = np.abs(expected).max()
    np.testing.assert_allclose(grad.flat[places], expected, rtol=1e-3, atol=1e-4 * size)


def test_steep_softplus_neither_overflows_nor_loses_its_tails():
    z = np.float32([-1e4, -0.5, -0.1, 0, 1e-3, 0.1, 1e4])
    params = np.float32([1, 0, 0, 0, 0, 1, 0])  # z = x[0], and out h
    positions = np.stack([z, 0 * z, 0 * z], 1)
    given = [jt.array(v) for v in (positions, np.ones((7, 1), np.float32), params)]
    found = distance_mlp(*given, [4, 1, 1], beta=100.0, derived=True, x_first=True)
    value, slope = distance_reference.activation(z.astype(np.float64), 100.0)
    np.testing.assert_allclose(found.sdf.numpy()[:, 0], value, rtol=1e-5, atol=1e-37)
    np.testing.assert_allclose(found.by_x.numpy()[:, 0], slope, rtol=1e-5, atol=1e-37)
    positions[3] = np.nan
    found = distance_mlp(jt.array(positions), *given[1:], [4, 1, 1], beta=100.0, x_first=True)
    assert np.isnan(found.sdf.numpy()).ravel().tolist() == [i == 3 for i in range(7)]


def test_threads_do_not_change_a_bit():
    widths, n = [9, 40, 40, 5], 3000
    given = [jt.array(v.astype(np.float32)) for v in arrays(widths, n, 0)]

    def run():
        found = distance_mlp(*given, widths, beta=3.0, derived=True)
        grads = jt.grad(jt.sqr(found.by_x).sum() + found.values.sum(), list(given[1:]))
        return [v.numpy() for v in (*found, *grads)]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


def test_no_samples_and_what_does_not_fit():
    widths = [5, 8, 3]
    params = jt.zeros((n_params(widths, True),))
    none = distance_mlp(jt.zeros((0, 3)), jt.zeros((0, 2)), params, widths, derived=True)
    assert [list(v.shape) for v in none] == [[0, 1], [0, 3], [0, 3], [0, 2]]
    x, f = jt.zeros((4, 3)), jt.zeros((4, 2))
    faults = [
        ((x, f, params, [5, 3]), "1 layers; the MLP of a distance has 2 to 16"),
        ((x, jt.zeros((5, 2)), params, widths), r"features \[5, 2\]; expected \[S, 3\], and"),
        ((x, jt.zeros((4, 3)), params, widths), "3 features and 3 coordinates; the first layer"),
        ((x, f, jt.zeros((7,)), widths), r"7 parameters; widths \[5, 8, 3\] need 75"),
        ((x, f, params, widths, 4), "n_out is 4; it must be between 1 and 3"),
        ((x, f, params, widths, 3, 2), "skip is 2"),
    ]
    for arguments, match in faults:
        with pytest.raises(ValueError, match=match):
            distance_mlp(*arguments)
