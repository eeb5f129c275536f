"""Gradients by origins and directions of rays, which cameras that learn need of every op on the way."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.frustum_gaussians import frustum_gaussians
from jnerf.ops.frustum_gaussians import reference as frustums
from jnerf.ops.integrated_encode import integrated_encode
from jnerf.ops.integrated_encode import reference as integrated
from jnerf.ops.ray_points import ray_points
from jnerf.ops.ray_points import reference as points
from jnerf.ops.voxel_grid import layout_of, reference, voxel_field
from tests.ops.ray_gradients import assert_near, differences, rays_and_samples

RANDOM = np.random.default_rng(7)


def var(array):
    return jt.array(np.asarray(array, np.float32))


def test_of_midpoints(device):
    (o, d, _, *ends), rays, packed = rays_and_samples()
    grad = RANDOM.normal(size=(len(rays), 3))
    vo, vd = var(o), var(d)
    out = ray_points(vo, vd, *map(var, ends), jt.array(rays), jt.array(packed))
    found = jt.grad((out * var(grad)).sum(), [vo, vd])
    for k, array in enumerate((o, d)):

        def value(x, k=k):
            return (
                points.ray_points(*[x if i == k else v for i, v in enumerate((o, d))], *ends, rays)
                * grad
            ).sum()

        assert_near(found[k].numpy(), differences(value, array))
    assert ray_points(vo, vd, *map(var, ends), jt.array(rays)).is_stop_grad()


def test_padding_has_none(device):
    (o, d, _, *ends), rays, packed = rays_and_samples()
    vo = var(o)
    ends = [var(np.append(v, [0.5, 0.6])) for v in ends]
    rays = jt.array(np.append(rays, [4, 4]).astype(np.int32))
    found = jt.grad(ray_points(vo, var(d), *ends, rays, jt.array(packed)).sum(), vo).numpy()
    np.testing.assert_allclose(found, np.repeat(packed[:, 1:], 3, 1), atol=1e-5)


def test_of_frustums(device):
    (o, d, *rest), rays, packed = rays_and_samples()
    grads = RANDOM.normal(size=(2, len(rays), 3))
    vo, vd = var(o), var(d)
    out = frustum_gaussians(vo, vd, *map(var, rest), jt.array(rays), jt.array(packed))
    loss = sum((v * var(g)).sum() for v, g in zip(out, grads, strict=True))
    found = jt.grad(loss, [vo, vd])
    for k, array in enumerate((o, d)):

        def value(x, k=k):
            moved = [x if i == k else v for i, v in enumerate((o, d))]
            return (np.stack(frustums.frustum_gaussians(*moved, *rest, rays)) * grads).sum()

        assert_near(found[k].numpy(), differences(value, array), 1e-3)
    assert frustum_gaussians(vo, vd, *map(var, rest), jt.array(rays))[0].is_stop_grad()


@pytest.mark.parametrize("n_dims", [1, 3])
def test_of_integrated_waves(device, n_dims):
    means, variances = RANDOM.random((20, n_dims)), 10 ** RANDOM.uniform(-4, -1, (20, n_dims))
    grad = RANDOM.normal(size=(20, 12 * n_dims))
    vm, vv = var(means), var(variances)
    out = integrated_encode(vm, vv, 6, 0.5, 0.25)
    found = jt.grad((out * var(grad)).sum(), [vm, vv])
    right = [
        lambda x: (integrated.integrated_encode(x, variances, 6, 0.5, 0.25) * grad).sum(),
        lambda x: (integrated.integrated_encode(means, x, 6, 0.5, 0.25) * grad).sum(),
    ]
    for got, value, at in zip(found, right, (means, variances), strict=True):
        assert_near(got.numpy(), differences(value, np.float32(at), 1e-7), 1e-3)
    assert integrated_encode(var(means).stop_grad(), var(variances).stop_grad(), 6).is_stop_grad()


def test_of_voxels(device):
    layout = layout_of(RANDOM.random((4, 5, 6)) < 0.8)
    density = RANDOM.normal(size=(layout.n_rows, 1)).astype(np.float32)
    sh = reference.pack_sh(RANDOM.normal(size=(layout.n_rows, 3, 9)).astype(np.float32))
    x, d = RANDOM.uniform(0.02, 0.98, (60, 3)).astype(np.float32), RANDOM.normal(size=(60, 3))
    x[:3, 0] = [-0.2, 1.3, 0.5]  # outside: the face's value, which does not change
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    grads = RANDOM.normal(size=60), RANDOM.normal(size=(60, 3))
    vx, vd = var(x), var(d)
    out = voxel_field(vx, vd, None, layout, var(density), var(sh))
    found = jt.grad(sum((v * var(g)).sum() for v, g in zip(out, grads, strict=True)), [vx, vd])
    own, links = np.arange(60), layout.links.numpy()
    for k, array in enumerate((x, d)):

        def value(y, k=k):
            where = [y if i == k else v for i, v in enumerate((x, d))]
            right = reference.voxel_field(*where, own, links, density, sh)
            return sum((v * g).sum() for v, g in zip(right, grads, strict=True))

        assert_near(found[k].numpy(), differences(value, array), 1e-3)
    assert np.abs(found[0].numpy()[:2, 0]).max() == 0
