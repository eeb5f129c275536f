"""Directions from the table are those that the lens computes."""

import numpy as np
import pytest
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import FisheyeLens, OpenCVLens, table


def two_kinds() -> Cameras:
    """Four cameras: two alike, one of another focal length, one of another size and lens."""
    rows = [[0.05, -0.02, 0, 0, 1e-3, 0]] * 3 + [[0.1, 0, 0, 0, 0, 0]]
    intrinsics = np.tile([90.0, 91.0, 31.0, 17.5], (4, 1))
    intrinsics[2, 0] = 80
    sizes = [[64, 36]] * 3 + [[50, 40]]
    return Cameras(ring_poses(4)[:, :3], intrinsics, sizes, OpenCVLens(rows))


def draw(cameras: Cameras, n: int):
    random = np.random.default_rng(n)
    i = random.integers(0, len(cameras), n)
    x, y = (random.random((n, 2)) * cameras.sizes[i]).astype(int).T
    return i, x, y


@pytest.mark.parametrize("n", [0, 1, 500])
def test_table_equals_the_lens(n):
    cameras = two_kinds()
    i, x, y = draw(cameras, n)
    found = cameras._table.directions(i, x, y)
    np.testing.assert_allclose(found, cameras.local_directions(i, x, y), atol=1e-7)
    assert len(cameras._table._table) == 64 * 36 * 2 + 50 * 40


def test_table_is_built_in_pieces(monkeypatch):
    monkeypatch.setattr(table, "_AT_ONCE", 100)
    test_table_equals_the_lens(500)


def test_rays_with_and_without_a_table(monkeypatch):
    i, x, y = draw(two_kinds(), 300)
    with_table = two_kinds().rays(i, x, y)
    monkeypatch.setattr(table, "_MAX_BYTES", 1000)
    without = two_kinds()
    assert without._table is None
    for a, b in zip(with_table, without.rays(i, x, y), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-6)


def test_rays_of_a_lens_match_the_specification():
    cameras = Cameras(
        ring_poses(2)[:, :3],
        np.tile([30.0, 30, 32, 24], (2, 1)),
        np.tile([64, 48], (2, 1)),
        FisheyeLens(np.zeros((2, 4))),
    )
    i, x, y = draw(cameras, 200)
    for found, expected in zip(cameras.rays(i, x, y), cameras.generate_rays(i, x, y), strict=True):
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
