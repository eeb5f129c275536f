"""The CUDA kernels of surfaces, run on the CPU, against the references, and the MLP's gradients against the CPU's."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.distance_mlp import distance_mlp
from jnerf.ops.distance_mlp import reference as distance_reference
from jnerf.ops.frequency_encode import reference as frequency_reference
from jnerf.ops.normed_weights import reference as normed_reference
from jnerf.ops.surface_density import reference as density_reference
from jnerf.ops.surface_inputs import reference as inputs_reference
from jnerf.ops.surface_losses import reference as losses_reference
from jnerf.ops.surface_rounds import reference as rounds_reference
from tests.ops.host_arrays import empty
from tests.ops.test_distance_mlp import BALL, arrays


@pytest.fixture(scope="module")
def host(cuda_host):
    return cuda_host.library("surfaces")


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    "widths, skip, beta, per_group, n, n_out",
    [
        ([9, 20, 11, 20, 5], 2, 3.0, 0, 300, 5),  # more than a slab, whose sums have two parts
        ([9, 70, 3], None, 0.0, 2, 33, 3),
        ([5, 8, 140, 1], None, 5.0, 0, 1, 1),
        ([5, 8, 4], None, 5.0, 0, 0, 4),
    ],
)
def test_distances(host, widths, skip, beta, per_group, n, n_out, backwards):
    host.play(backwards=backwards)
    given = [v.astype(np.float32) for v in arrays(widths, n, per_group, skip)]
    positions, features, params = given
    groups, wide = (features.shape[0], per_group) if per_group else (1, features.shape[1])
    net = np.int32(widths), len(widths), n_out, -1 if skip is None else skip, beta, 1
    args = [*net, positions, features, n, groups, wide, params]
    sdf, values, by_x, by_features = empty((n, 1), (n, n_out), (n, 3), features.shape)
    host.call("distances", *args, sdf, values, by_x, by_features)
    options = {"skip": skip, "beta": beta, "x_first": True, "n_out": n_out} | BALL
    right = distance_reference.distance_mlp(*given, widths, **options)
    rows = by_features.transpose(1, 0, 2).reshape(n, -1) if per_group else by_features
    for found, expected in zip((sdf, values, by_x, rows), right, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-5)
    grads = [
        np.random.default_rng(1).normal(size=v.shape).astype(np.float32)
        for v in (sdf, values, by_x, by_features)
    ]
    grad_params, grad_features = empty(params.shape, features.shape)
    host.call("distance_grads", *args, *grads, grad_params, grad_features)
    as_vars = [jt.array(v) for v in given]
    if n == 0:
        assert not grad_params.any()
        return
    found = distance_mlp(*as_vars, widths, derived=True, **options)
    parts = [found.sdf, found.values, found.by_x, found.by_features]
    if found.values is None:
        parts[1] = found.sdf * (1 / BALL["radius"])
    total = sum((v * jt.array(g)).sum() for v, g in zip(parts, grads, strict=True))
    for one, two in zip((grad_params, grad_features), jt.grad(total, as_vars[:0:-1]), strict=True):
        np.testing.assert_allclose(one, two.numpy(), rtol=1e-3, atol=1e-4 * np.abs(one).max())
    again = empty(params.shape)[0]
    host.call("distance_grads", *args, None, grads[1], None, None, again, None)
    total = (parts[1] * jt.array(grads[1])).sum()
    expected = jt.grad(total, [as_vars[2]])[0].numpy()
    np.testing.assert_allclose(again, expected, rtol=1e-3, atol=1e-4 * np.abs(again).max())


def test_normed_weights(host):
    random, n_out, n_in = np.random.default_rng(0), 17, 39
    v, g, b = (random.normal(size=s).astype(np.float32) for s in ((n_out, n_in), (n_out, 1), n_out))
    layers = [(v, g, b), (v, None, b)]
    right = normed_reference.normed_weights(layers)
    grad = random.normal(size=len(right)).astype(np.float32)
    params, grad_v, grad_g, grad_b = empty(len(right), (2, n_out, n_in), (n_out, 1), (2, n_out))
    host.call("normed", n_out, n_in, v, g, b, params, grad, grad_v, grad_g, grad_b)
    np.testing.assert_allclose(params, right, rtol=1e-5, atol=1e-6)
    expected = normed_reference.normed_weights_grad(layers, grad)
    for i in range(2):
        np.testing.assert_allclose(grad_v[i], expected[i][0], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(grad_b[i], expected[i][2])
    np.testing.assert_allclose(grad_g, expected[0][1], rtol=1e-4, atol=1e-5)


def test_densities_inputs_and_losses(host):
    random, n = np.random.default_rng(1), 200
    single = lambda *shape: random.normal(size=shape).astype(np.float32)  # noqa: E731
    sdf, normals, rays_d = 0.02 * single(n, 1), single(n, 3), single(4, 3)
    starts = np.sort(random.random(n)).astype(np.float32)
    ends, s = starts + np.float32(0.01), np.float32([[150]])
    rays = np.sort(random.integers(0, 4, n)).astype(np.int32)
    sigmas, along, grad_sdf, each, grad_s, grad_normals = empty(n, n, (n, 1), n, 1, (n, 3))
    where = sdf, normals, starts, ends, rays_d, rays, s
    grads = grad_sdf, grad_normals, each, grad_s
    host.call("densities", n, *where, 0.5, sigmas, along, np.ones(n, np.float32), *grads)
    right = density_reference.surface_density(sdf, normals, s, starts, ends, rays_d, rays, 0.5)
    np.testing.assert_allclose(sigmas, right, rtol=1e-3, atol=1e-3)
    right = density_reference.density_along(sdf[:, 0], s, starts, ends, rays)
    np.testing.assert_allclose(along, right, rtol=2e-3, atol=2e-2)
    assert grad_s == pytest.approx(each.astype(np.float64).sum(), rel=1e-5)
    values, of_ray = single(n, 7), single(4, 5)
    out, back, grad_values = empty((n, 17), (n, 3), (n, 7))
    grad = single(n, 17)
    seen = n, single(n, 3), normals, values, 7, of_ray, rays, 5
    host.call("colour_inputs", *seen, out, grad, back, grad_values)
    how = {"first": 1, "unit": True, "middle": (0.1, 0.2, 0.3), "scale": 1.5}
    right = inputs_reference.surface_inputs(seen[1], normals, values, of_ray, rays, **how)
    np.testing.assert_allclose(out, right, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(grad_values[:, 1:], grad[:, 6:12])
    assert not grad_values[:, 0].any() and np.isfinite(back).all()
    inside = (random.random((n, 1)) < 0.5).astype(np.float32)
    parts = empty(n, n, 2, 1, (n, 3))
    host.call("eikonal", n, normals, inside, *parts)
    right = losses_reference.eikonal(normals.astype(np.float64), inside, 3.0)
    np.testing.assert_allclose(parts[3], [right], rtol=1e-5)
    assert (parts[4][inside[:, 0] == 0] == 0).all()


def test_samples_and_frequencies(host):
    random, n, k, m = np.random.default_rng(2), 20, 9, 4
    o = (0.5 + random.normal(size=(n, 3))).astype(np.float32)
    d = 0.5 - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    sdf = random.normal(size=(n, k)).astype(np.float32) * np.float32(0.1)
    edges, places, weights, drawn, new_places = empty(
        (n, k), (n * k, 3), (n, k - 1), (n, m), (n * m, 3)
    )
    merged, merged_sdf, starts, ends = empty((n, k + m), (n, k + m), *[(n, k + m - 1)] * 2)
    (middles,) = empty((n * (k + m - 1), 3))
    rays, packed = empty((n, k + m - 1), (n, 2), dtype=np.int32)
    new_sdf = random.normal(size=(n, m)).astype(np.float32)
    found = edges, places, sdf, m, weights, drawn, new_places, new_sdf, merged, merged_sdf
    host.call("rounds", n, o, d, k, *found, starts, ends, middles, rays, packed)
    ball = np.array([0.5, 0.5, 0.5]), 0.5
    for i in range(n):
        right = rounds_reference.even(o[i], d[i], *ball, k - 1, 7, 3, i)
        np.testing.assert_allclose(edges[i], right, atol=1e-5)
        row = edges[i].astype(np.float64)
        w = rounds_reference.weights(o[i], d[i], *ball, row, sdf[i], 64.0)
        np.testing.assert_allclose(weights[i], w + 1e-5, atol=1e-4)
        order = np.argsort(np.concatenate([edges[i], drawn[i]]), kind="stable")
        np.testing.assert_array_equal(merged[i], np.concatenate([edges[i], drawn[i]])[order])
        np.testing.assert_array_equal(merged_sdf[i], np.concatenate([sdf[i], new_sdf[i]])[order])
        assert (rays[i] == i).all()
    np.testing.assert_array_equal(starts, merged[:, :-1])
    np.testing.assert_array_equal(ends, merged[:, 1:])
    x, frequencies = random.random((n, 3)), np.float32([1, 2])
    values = frequency_reference.frequency_encode(x, frequencies, True, 2.0, -1.0)
    v, h = random.normal(size=(n, 3)), 1e-6
    (out,) = empty((n, 15))
    host.call("pushed", n, frequencies, 2, values.astype(np.float32), v.astype(np.float32), out)
    moved = frequency_reference.frequency_encode(x + h * v, frequencies, True, 2.0, -1.0)
    np.testing.assert_allclose(out, (moved - values) / h, atol=1e-3)
    rows, factors = random.normal(size=(n, 3)).astype(np.float32), np.float32([1, -2, 0.5])
    (scaled,) = empty((n, 3))
    host.call("add_scaled", n, rows, factors, rows, scaled)
    np.testing.assert_allclose(scaled, rows * factors + rows, rtol=1e-5, atol=1e-6)
