"""voxel_field and voxel_interp: reference against kernel, gradients, missing vertices, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.voxel_grid import layout_of, reference, voxel_field, voxel_interp

SHAPE = (4, 5, 6)  # z, y, x


def scene(n, seed=0, shape=SHAPE, filled=0.7):
    """A grid with holes, samples in it, and gradients of their outputs."""
    random = np.random.default_rng(seed)
    mask = random.random(shape) < filled
    rows = mask.sum()
    density = random.normal(size=(rows, 1)).astype(np.float32)
    sh = reference.pack_sh(random.normal(size=(rows, 3, 9)).astype(np.float32))
    rays_d = random.normal(size=(5, 3))
    rays_d = (rays_d / np.linalg.norm(rays_d, axis=1, keepdims=True)).astype(np.float32)
    ray_indices = np.sort(random.integers(0, 5, n)).astype(np.int32)
    positions = random.random((n, 3)).astype(np.float32)
    grads = random.normal(size=n).astype(np.float32), random.normal(size=(n, 3)).astype(np.float32)
    return mask, positions, rays_d, ray_indices, density, sh, grads


def links_of(mask):
    return layout_of(mask).links.numpy()


def value_and_gradients(mask, positions, rays_d, ray_indices, density, sh, grads):
    layout, d, c = layout_of(mask), jt.array(density), jt.array(sh)
    where = jt.array(positions), jt.array(rays_d), jt.array(ray_indices)
    sigmas, rgbs = voxel_field(*where, layout, d, c)
    loss = (sigmas * jt.array(grads[0])).sum() + (rgbs * jt.array(grads[1])).sum()
    return [v.numpy() for v in (sigmas, rgbs, *jt.grad(loss, [d, c]))]


def loss_of(mask, positions, rays_d, ray_indices, density, sh, grads):
    sigmas, rgbs = reference.voxel_field(
        positions, rays_d, ray_indices, links_of(mask), density, sh
    )
    return (sigmas * grads[0]).sum() + (rgbs * grads[1]).sum()


def test_forward_matches_the_reference(device):
    arrays = scene(300)
    arrays[1][0], arrays[1][1] = -0.5, 1.7  # outside: the face's value
    sigmas, rgbs, *_ = value_and_gradients(*arrays)
    mask, *where, density, sh, _ = arrays
    right = reference.voxel_field(*where, links_of(mask), density, sh)
    np.testing.assert_allclose(sigmas, right[0], atol=2e-6)
    np.testing.assert_allclose(rgbs, right[1], atol=5e-6)
    assert (sigmas == 0).sum() > 50 and (sigmas > 0).sum() > 50 and (rgbs == 0).any()


def test_backward_matches_finite_differences(device):
    arrays = scene(40, seed=1)
    *_, grad_density, grad_sh = value_and_gradients(*arrays)
    *head, density, sh, grads = arrays
    density, sh, h = density.astype(np.float64), sh.astype(np.float64), 1e-6
    for row in range(0, len(density), 3):
        step = np.zeros_like(density)
        step[row] = h
        slope = (
            loss_of(*head, density + step, sh, grads) - loss_of(*head, density - step, sh, grads)
        ) / (2 * h)
        assert grad_density[row, 0] == pytest.approx(slope, abs=2e-4)
    for row in range(0, len(density), 11):
        for place in range(27):
            step = np.zeros_like(sh)
            step[row, place] = h
            slope = (
                loss_of(*head, density, sh + step, grads)
                - loss_of(*head, density, sh - step, grads)
            ) / (2 * h)
            assert grad_sh[row, place] == pytest.approx(slope, abs=2e-4)
    np.testing.assert_array_equal(grad_sh[:, 27:], 0)
    assert np.abs(grad_sh).max() > 0.1


def test_planes_of_many_chunks_are_all_added(device):
    """Cells on the border of two chunks of planes add to both."""
    shape = (35, 3, 3)
    mask, *where, density, sh, grads = scene(5000, shape=shape, filled=1.0)
    density = np.abs(density)
    found = value_and_gradients(mask, *where, density, sh, grads)
    # linear in the density: <grad, sigma(density)> = <grad_density, density>
    assert (found[2] * density).sum() == pytest.approx((grads[0] * found[0]).sum(), rel=1e-3)
    right = np.zeros(len(density))
    links = links_of(mask)
    for i, position in enumerate(where[0]):
        for row, weight in reference.corners(position, links):
            right[row] += weight * grads[0][i]
    np.testing.assert_allclose(found[2][:, 0], right, atol=1e-4)


def test_a_sample_without_density_has_no_colour_and_no_gradient(device):
    mask, *where, density, sh, grads = scene(50)
    sigmas, rgbs, *found = value_and_gradients(mask, *where, -np.abs(density), sh, grads)
    for array in (sigmas, rgbs, *found):
        np.testing.assert_array_equal(array, 0)


def test_a_cut_off_colour_has_no_gradient(device):
    mask, *where, density, sh, grads = scene(50)
    sh = np.zeros_like(sh)
    sh[:, 0] = -100  # the constant harmonic of red
    _, rgbs, _, grad_sh = value_and_gradients(mask, *where, np.abs(density), sh, grads)
    # Near a hole red may still be above zero: its part of the hole counts as zero.
    cut = rgbs[:, 0] == 0
    assert cut.sum() > 25
    grads = np.where(cut, 1, 0).astype(np.float32), np.zeros_like(grads[1])
    only_red = np.where(cut[:, None], [[1, 0, 0]], 0).astype(np.float32)
    _, _, _, grad_sh = value_and_gradients(
        mask, *where, np.abs(density), sh, (grads[0] * 0, only_red)
    )
    np.testing.assert_array_equal(grad_sh, 0)


@pytest.mark.parametrize("width", [1, 2, 7, 32])
def test_interpolation_matches_the_reference(device, width):
    mask, positions, *_ = scene(200)
    values = np.random.default_rng(2).normal(size=(mask.sum(), width)).astype(np.float32)
    found = voxel_interp(jt.array(positions), layout_of(mask), jt.array(values))
    assert found.is_stop_grad()
    right = reference.voxel_interp(positions, links_of(mask), values)
    np.testing.assert_allclose(found.numpy(), right, atol=2e-6)


def test_vertices_are_met_exactly(device):
    mask = np.ones(SHAPE, bool)
    values = np.arange(mask.size, dtype=np.float32)[:, None]
    vertices = np.argwhere(mask)[:, ::-1] / (np.array(SHAPE[::-1]) - 1)
    found = voxel_interp(jt.array(vertices.astype(np.float32)), layout_of(mask), jt.array(values))
    np.testing.assert_allclose(found.numpy(), values, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("n", [0, 1, 17])
def test_few_samples(device, n):
    found = value_and_gradients(*scene(n))
    assert [v.shape for v in found[:2]] == [(n,), (n, 3)] and all(
        np.isfinite(v).all() for v in found
    )


def test_no_rows(device):
    mask, positions, rays_d, ray_indices, *_ = scene(9, filled=-1.0)
    layout = layout_of(mask)
    where = [jt.array(a) for a in (positions, rays_d, ray_indices)]
    sigmas, rgbs = voxel_field(*where, layout, jt.zeros((0, 1)), jt.zeros((0, 32)))
    assert sigmas.numpy().tolist() == [0] * 9 and rgbs.shape == [9, 3]
    assert voxel_interp(where[0], layout, jt.zeros((0, 4))).numpy().tolist() == [[0] * 4] * 9


def test_far_outside_and_nan(device):
    mask, _, rays_d, _, density, sh, _ = scene(0, filled=1.0)
    positions = np.float32([[1e30, -1e30, 3e38], [np.inf, -np.inf, np.inf], [np.nan, 0, 0]])
    found = voxel_interp(jt.array(positions), layout_of(mask), jt.array(density)).numpy()
    corner = links_of(mask)[-1, 0, -1]
    np.testing.assert_array_equal(found[:2], density[[corner, corner]])
    assert np.isnan(found[2])
    where = jt.array(positions), jt.array(rays_d), jt.array(np.zeros(3, np.int32))
    assert np.isnan(
        voxel_field(*where, layout_of(mask), jt.array(density), jt.array(sh))[0].numpy()[2]
    )


def test_non_contiguous_input(device):
    mask, positions, rays_d, ray_indices, density, sh, _ = scene(30)
    strided = jt.array(np.hstack([positions, positions]))[::2, 3:]
    where = strided, jt.array(rays_d), jt.array(ray_indices)[::2]
    sigmas, rgbs = voxel_field(*where, layout_of(mask), jt.array(density), jt.array(sh))
    right = reference.voxel_field(
        positions[::2], rays_d, ray_indices[::2], links_of(mask), density, sh
    )
    np.testing.assert_allclose(sigmas.numpy(), right[0], atol=2e-6)
    np.testing.assert_allclose(rgbs.numpy(), right[1], atol=5e-6)


def test_bits_do_not_depend_on_threads():
    arrays = scene(9001, shape=(37, 9, 8))
    results = [with_threads(n, lambda: value_and_gradients(*arrays)) for n in (1, 2, 7)]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    layout = layout_of(np.ones((2, 2, 2), bool))
    x, d, i = jt.zeros((3, 3)), jt.zeros((1, 3)), jt.zeros((3,), "int32")
    rows = jt.zeros((8, 1)), jt.zeros((8, 32))
    with pytest.raises(ValueError, match=r"positions are float32 \[3, 2\]"):
        voxel_field(x[:, :2], d, i, layout, *rows)
    with pytest.raises(ValueError, match=r"density is float32 \[7, 1\]; give float32 \[8, 1\]"):
        voxel_field(x, d, i, layout, rows[0][:7], rows[1])
    with pytest.raises(ValueError, match=r"sh is float32 \[8, 27\]; give float32 \[8, 32\]"):
        voxel_field(x, d, i, layout, rows[0], rows[1][:, :27])
    with pytest.raises(ValueError, match="ray_indices are float32"):
        voxel_field(x, d, i.float32(), layout, *rows)
    with pytest.raises(ValueError, match=r"rays_d are float32 \[1, 2\]"):
        voxel_field(x, d[:, :2], i, layout, *rows)
    with pytest.raises(ValueError, match=r"values is float32 \[8\]"):
        voxel_interp(x, layout, jt.zeros((8,)))
    with pytest.raises(ValueError, match=r"bool \[2, 1, 2\]"):
        layout_of(np.ones((2, 1, 2), bool))
