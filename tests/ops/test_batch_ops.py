"""What prepares and judges a batch: pixels with their rays, backgrounds, photometric losses, some rows, scaled rows."""

import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.ops.background import background
from jnerf.ops.background import reference as background_reference
from jnerf.ops.common import constants
from jnerf.ops.leading_rows import leading_rows
from jnerf.ops.leading_rows import reference as leading_reference
from jnerf.ops.photometric import photometric
from jnerf.ops.photometric import reference as photometric_reference
from jnerf.ops.pixel_rays import pixel_rays
from jnerf.ops.pixel_rays import reference as pixel_reference
from jnerf.ops.scale_rows import reference as scale_reference
from jnerf.ops.scale_rows import scale_rows
from jnerf.ops.unit_box import held_box, unit_box
from jnerf.ops.unit_box import reference as box_reference


def test_pixels_their_rays_and_their_colors(device):
    random = np.random.default_rng(0)
    sizes = np.array([[5, 4], [3, 7]], np.int32)
    pixels = random.integers(0, 2**32, 41, dtype=np.uint32).view(np.int32)
    c2w = np.zeros((2, 3, 4), np.float32)
    c2w[:, :, :3] = np.eye(3)
    c2w[:, :, 3] = random.normal(size=(2, 3))
    cameras = Cameras(c2w, np.float32([[4, 5, 2.5, 2], [3, 3, 1.5, 3.5]]), sizes)
    windows = np.int32([[0, 0, 5, 4], [1, 2, 2, 3]])
    places = np.int32([[0, 0, 5], [20, 0, 3]])
    key = 1, 7, 3, (11, 12)
    given = [jt.array(v) for v in (windows, cameras.c2w, cameras.intrinsics, places, pixels)]
    found = pixel_rays(300, *given, *key)
    images, x, y, rgba = pixel_reference.pixel_colors(300, windows, places, pixels, *key)
    np.testing.assert_array_equal(found.images.numpy(), images)
    np.testing.assert_array_equal(found.rgba.numpy(), rgba)
    rays_o, rays_d = cameras.generate_rays(images, x, y)
    np.testing.assert_array_equal(found.rays_o.numpy(), rays_o)
    np.testing.assert_allclose(found.rays_d.numpy(), rays_d, atol=1e-6)
    assert all(var.is_stop_grad() for var in found)


def test_backgrounds(device):
    key = {"seed": 1337, "step": 5, "draw": 64}
    expected = background_reference.background(700, **key)
    np.testing.assert_array_equal(background(700, **key).numpy(), expected)
    one = background(3, [0.1, 0.5, 1.0]).numpy()
    np.testing.assert_array_equal(one, background_reference.background(3, [0.1, 0.5, 1.0]))
    assert list(background(0).shape) == [0, 3]


@pytest.mark.parametrize("kind", ["mse", "l1", "huber", "charbonnier"])
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("dropped", [None, 0, 40])
def test_photometric_losses(device, kind, behind, dropped):
    random = np.random.default_rng(2)
    n = 501
    colors, rgba = random.random((n, 3)), random.random((n, 4))
    colors[:100] = rgba[:100, :3] * rgba[:100, 3:] + random.normal(size=(100, 3)) * 0.05
    behind = random.random((n, 3)) if behind else None
    live = None
    if dropped is not None:
        live = np.float32(np.arange(n) < n - dropped)[:, None]
        rgba = rgba * live
        colors[n - dropped :] = 0 if behind is None else behind[n - dropped :]
    given = [None if v is None else np.float32(v) for v in (colors, rgba, behind, live)]
    loss, gradient = photometric_reference.photometric(*given, kind, 0.1, 3.0)
    arrays = [None if v is None else jt.array(v) for v in given]
    found = photometric(*arrays, kind, 0.1, 3.0)
    np.testing.assert_allclose(found.numpy(), [loss], rtol=1e-5)
    # twice the loss: its gradient takes part
    grad = jt.grad(found * 2, arrays[0]).numpy()
    np.testing.assert_allclose(grad, 2 * gradient, rtol=1e-4, atol=1e-7)


def test_photometric_losses_of_nothing_and_of_wrong_sizes(device):
    assert photometric(jt.zeros((0, 3)), jt.zeros((0, 4))).numpy() == 0
    with pytest.raises(ValueError, match=r"rgba has shape \[2, 3\]; expected \[2, 4\]"):
        photometric(jt.zeros((2, 3)), jt.zeros((2, 3)))


def test_a_box_as_the_unit_cube(device):
    random = np.random.default_rng(4)
    positions = random.normal(size=(77, 3)).astype(np.float32)
    low, inverse = np.float32([-1, 0.5, 2]), np.float32([0.25, 3, 1 / 3])
    found = unit_box(*(jt.array(v) for v in (positions, low, inverse))).numpy()
    np.testing.assert_array_equal(found, box_reference.unit_box(positions, low, inverse))
    assert list(unit_box(jt.zeros((0, 3)), jt.array(low), jt.array(low)).shape) == [0, 3]
    with pytest.raises(ValueError, match=r"positions \[77, 3\] in a box of 2 and 3"):
        unit_box(jt.array(positions), jt.array(low[:2]), jt.array(low))


def test_what_is_held_in_a_box(device):
    random = np.random.default_rng(5)
    positions = random.uniform(-0.5, 1.5, (500, 3)).astype(np.float32)
    positions[:3] = [[0, 1, 0.5], [1, 1, 1], [np.nan, 0.5, 0.5]]
    low, one = np.zeros(3, np.float32), np.ones(3, np.float32)
    held, inside = held_box(*(jt.array(v) for v in (positions, low, one)))
    right = box_reference.held_box(positions, low, one)
    np.testing.assert_array_equal(held.numpy(), right[0])
    np.testing.assert_array_equal(inside.numpy(), right[1])
    assert inside.numpy()[:3].tolist() == [1, 1, 0] and 0 < inside.numpy().mean() < 0.5
    assert [list(v.shape) for v in held_box(jt.zeros((0, 2)), *[jt.ones((2,))] * 2)] == [
        [0, 2],
        [0],
    ]


def test_leading_and_scaled_rows(device):
    random = np.random.default_rng(3)
    arrays = [random.random((9, 3)).astype(np.float32), np.arange(9, dtype=np.int32)]
    found = leading_rows([jt.array(v) for v in arrays], 4)
    for one, other in zip(found, leading_reference.leading_rows(arrays, 4), strict=True):
        np.testing.assert_array_equal(one.numpy(), other)
    assert [list(v.shape) for v in leading_rows(found, 0)] == [[0, 3], [0]]
    with pytest.raises(ValueError, match=r"5 rows of float32 \[4, 3\]"):
        leading_rows(found, 5)
    for factors in (random.random((9, 1)).astype(np.float32), np.float32([3])):
        scaled = scale_rows(jt.array(arrays[0]), jt.array(factors)).numpy()
        np.testing.assert_array_equal(scaled, scale_reference.scale_rows(arrays[0], factors))
    rows = jt.array(arrays[0])
    assert scale_rows(rows, constants.one()) is rows and scale_rows(rows, jt.ones((1,))) is not rows
    with pytest.raises(ValueError, match=r"\[2\] factors for rows \[9, 3\]"):
        scale_rows(jt.array(arrays[0]), jt.zeros((2,)))
