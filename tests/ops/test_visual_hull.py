"""The visual hull: reference against kernel, and what it must never carve."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.occupancy.reference import cell_coords
from jnerf.ops.visual_hull import carve, reference, silhouettes

RES = 32
CELLS = RES**3


def ring_of_cameras(n, radius, focal):
    """Pinhole cameras around the middle of the field, at three heights: c2w, intrinsics, sizes."""
    c2w = np.zeros((n, 3, 4))
    for i, angle in enumerate(np.linspace(0, 2 * np.pi, n, endpoint=False)):
        back = np.array([np.cos(angle), np.sin(angle), 0.3 * (i % 3 - 1)])
        back /= np.linalg.norm(back)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        c2w[i] = np.stack([right, np.cross(back, right), back, 0.5 + radius * back], 1)
    return c2w, np.tile([focal, 1.1 * focal, 45.0, 32.0], (n, 1)), np.tile([100, 60], (n, 1))


def pictures_of_a_ball(cameras, radius=0.15):
    """Where rays of each pixel meet a ball in the middle of the field, bool [60, 100] each."""
    c2w, intrinsics, sizes = cameras
    masks = []
    for pose, (fx, fy, cx, cy), (width, height) in zip(c2w, intrinsics, sizes, strict=True):
        y, x = np.mgrid[0:height, 0:width] + 0.5
        d = np.stack([(x - cx) / fx, (cy - y) / fy, -np.ones_like(x)], -1) @ pose[:, :3].T
        d /= np.linalg.norm(d, axis=-1, keepdims=True)
        off = 0.5 - pose[:, 3]
        along = d @ off
        masks.append((off @ off - along**2 < radius**2) & (along > 0))
    return masks


@pytest.mark.parametrize("n, levels, least, block", [(5, 1, 2, 1), (4, 2, 1, 1), (6, 1, 3, 4)])
def test_against_the_reference(device, monkeypatch, n, levels, least, block):
    cameras = ring_of_cameras(n, 1.4, 100.0)
    masks = pictures_of_a_ball(cameras)
    monkeypatch.setattr("jnerf.ops.visual_hull.op._MOST_BLOCKS", n * 6000 // block**2)
    seen = silhouettes(masks, cameras[2])
    assert seen.block == block
    grid = np.random.default_rng(0).choice([-1, 0, 0.5], levels * CELLS).astype(np.float32)
    found = carve(jt.array(grid), *cameras, seen, RES, least).numpy()
    expected = reference.carve(grid, *cameras, masks, RES, least, block)
    assert 0.2 < (expected != grid).mean() < 0.6
    assert (
        found != expected
    ).mean() < 1e-4  # rectangles on the very edge of a pixel may round either way


def test_what_a_camera_sees_as_foreground_is_never_carved(device):
    """The ball stays whole, and what the images show around it goes, but for what lies close."""
    cameras = ring_of_cameras(12, 1.4, 100.0)
    found = carve(
        jt.zeros((CELLS,)), *cameras, silhouettes(pictures_of_a_ball(cameras), cameras[2]), RES
    ).numpy()
    away = np.linalg.norm((cell_coords(RES) + 0.5) / RES - 0.5, axis=1)
    assert (found[away < 0.15 + 0.5 / RES] == 0).all()
    in_plane = np.abs((cell_coords(RES) + 0.5) / RES - 0.5)[:, 2] < 0.1
    assert (found[(away > 0.3) & (away < 0.34) & in_plane] == -1).all()


def test_what_is_outside_all_images_or_too_few_say_is_kept(device):
    cameras = ring_of_cameras(1, 1.4, 100.0)
    empty = silhouettes([np.zeros((60, 100), bool)], cameras[2])
    grid = jt.zeros((CELLS,))
    assert (carve(grid, *cameras, empty, RES, least=2).numpy() == 0).all()
    once = carve(grid, *cameras, empty, RES, least=1).numpy()
    assert 0.1 < (once == -1).mean() < 0.9  # the rest lies outside the image
    full = silhouettes([np.ones((60, 100), bool)], cameras[2])
    assert (carve(grid, *cameras, full, RES, least=1).numpy() == 0).all()


def test_on_cuda_threads(cuda_host):
    library = cuda_host.library("elementwise")
    library.play()
    cameras = ring_of_cameras(5, 1.4, 100.0)
    masks = pictures_of_a_ball(cameras)
    seen = silhouettes(masks, cameras[2])
    grid = np.random.default_rng(0).choice([-1, 0, 0.5], 2 * CELLS).astype(np.float32)
    packed = np.zeros((5, 20), np.float32)
    packed[:, :12], packed[:, 12:16] = cameras[0].reshape(5, 12), cameras[1]
    packed[:, 16:18] = cameras[2]
    found = np.full_like(grid, np.nan)
    sizes = *seen.counts.shape, RES, 2, 1
    library.call("hull", grid, packed, seen.counts, *sizes, 1.0, found)
    assert (found != reference.carve(grid, *cameras, masks, RES)).mean() < 1e-4


def test_images_of_different_sizes():
    sizes = np.array([[100, 60], [37, 21]])
    masks = [np.zeros((60, 100), bool), np.ones((21, 37), bool)]
    seen = silhouettes(masks, sizes)
    assert seen.counts.shape == (2, 61, 101)
    assert seen.counts[0].max() == 0 and seen.counts[1, 60, 100] == 21 * 37


def test_arrays_must_be_of_as_many_cameras():
    cameras = ring_of_cameras(2, 1.4, 100.0)
    with pytest.raises(ValueError, match="as many cameras"):
        carve(jt.zeros((CELLS,)), *cameras, silhouettes([np.ones((60, 100), bool)], cameras[2][:1]))


def test_threads_make_no_difference():
    cameras = ring_of_cameras(5, 1.4, 100.0)
    seen = silhouettes(pictures_of_a_ball(cameras), cameras[2])

    def run():
        return carve(jt.zeros((CELLS,)), *cameras, seen, RES).numpy()

    np.testing.assert_array_equal(with_threads(1, run), with_threads(3, run))
