"""Paths made of training cameras."""

import numpy as np
import pytest
from captures import facing_poses
from scenes import ring_poses

from jnerf.engine.rendering.paths import tour
from jnerf.engine.rendering.paths.between import between
from jnerf.engine.rendering.paths.camera_path import Flight
from jnerf.engine.rendering.paths.orbit import orbit, up_axis
from jnerf.engine.rendering.paths.spiral import spiral
from jnerf.errors import DataError


def cameras_on_dome(up, n=40, radius=4.0, elevation=0.5):
    """Cameras that look at (1, 1, 1) from one height above the horizon of ``up``."""
    up = np.asarray(up, float) / np.linalg.norm(up)
    east = np.cross(up, [0.3, 0.5, 0.8])
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    angles = 2 * np.pi * np.arange(n)[:, None] / n
    back = (
        np.cos(elevation) * (np.cos(angles) * east + np.sin(angles) * north)
        + np.sin(elevation) * up
    )
    right = np.cross(up, back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    return np.stack([right, np.cross(back, right), back, 1 + radius * back], axis=-1)


def centre_of(flight, point):
    """Where the cameras see a point, as x / depth and y / depth, [N, 2]."""
    local = np.einsum("nji,nj->ni", flight.c2w[:, :, :3], point - flight.c2w[:, :, 3])
    assert (local[:, 2] < 0).all()
    return local[:, :2] / -local[:, 2:]


@pytest.mark.parametrize("up", [(0, 0, 1), (0, 1, 0), (0, 0, -1), (1, 2, 3)])
def test_the_orbit_follows_the_training_cameras(up):
    c2w = cameras_on_dome(up)
    unit = np.asarray(up) / np.linalg.norm(up)
    assert np.allclose(up_axis(c2w), unit, atol=1e-5)
    path = orbit(c2w, (1, 1, 1), 50.0, 12)
    offsets = path.c2w[:, :, 3] - 1
    assert np.allclose(np.linalg.norm(offsets, axis=1), 4.0)
    assert np.allclose(offsets @ unit / 4, np.sin(0.5))
    assert np.allclose(centre_of(path, np.ones(3)), 0)
    # All the way round, in equal steps.
    gaps = np.linalg.norm(offsets - np.roll(offsets, 1, axis=0), axis=1)
    assert np.allclose(gaps, gaps[0])
    assert path.fov.tolist() == [50.0] * 12


def test_cameras_straight_above():
    down = np.concatenate([np.eye(3), [[1.0], [1.0], [5.0]]], axis=1)[None]
    assert np.isfinite(orbit(down, (1, 1, 1), 50.0, 5).c2w).all()


def test_the_spiral_stays_between_the_cameras_and_looks_at_one_point():
    c2w = facing_poses(9)[:, :3]
    path = spiral(c2w, 40.0, 16, depth=4.0)
    low, high = c2w[:, :, 3].min(0), c2w[:, :, 3].max(0)
    span = np.linalg.norm(high - low)
    assert np.all(path.c2w[:, :, 3] > low - 0.5 * span)
    assert np.all(path.c2w[:, :, 3] < high + 0.5 * span)
    # All optical axes meet in one point.
    across = np.eye(3) - path.c2w[:, :, 2, None] * path.c2w[:, None, :, 2]
    point = np.linalg.solve(across.sum(0), (across @ path.c2w[:, :, 3:]).sum(0)[:, 0])
    assert np.abs(centre_of(path, point)).max() < 1e-9
    gaps = np.linalg.norm(np.diff(path.c2w[:, :, 3], axis=0, append=path.c2w[:1, :, 3]), axis=1)
    assert gaps.max() < 0.5 * span  # closed


def test_a_spiral_of_parallel_cameras_looks_as_far_as_the_middle():
    c2w = np.tile(np.eye(4)[:3], (4, 1, 1))
    c2w[:, :2, 3] = [(0, 0), (1, 0), (0, 1), (1, 1)]
    path = spiral(c2w, 40.0, 8, middle=(0.5, 0.5, -3))
    assert np.allclose(centre_of(path, np.array([0.5, 0.5, -3])), 0)
    deep = spiral(c2w, 40.0, 8, depth=7.0, middle=(0.5, 0.5, -3))
    assert np.allclose(centre_of(deep, np.array([0.5, 0.5, -7])), 0)
    with pytest.raises(DataError, match="do not say which"):
        spiral(c2w, 40.0, 8, middle=(0.5, 0.5, 3))


def test_a_spiral_looks_where_the_cameras_look():
    c2w, point = facing_poses(9)[:, :3], np.array([0.3, 0.1, -2.0])
    back = c2w[:, :, 3] - point
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    right = np.cross((0.0, 1.0, 0.0), back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    c2w[:, :, :3] = np.stack([right, np.cross(back, right), back], axis=-1)
    path = spiral(c2w, 40.0, 8, middle=(0, 0, -50))
    assert np.abs(centre_of(path, point)).max() < 0.1


def test_no_spiral_around_an_object():
    with pytest.raises(DataError, match="a spiral needs cameras that face one way"):
        spiral(ring_poses(8)[:, :3], 40.0, 8)


@pytest.mark.parametrize("order", ["tour", "capture"])
@pytest.mark.parametrize("loop", [False, True])
def test_between_training_views(order, loop):
    c2w = ring_poses(30)[:, :3]
    if order == "tour":  # whatever the order in which they were taken
        c2w = c2w[np.random.default_rng(0).permutation(30)]
    fov = np.linspace(40, 60, 30)
    path = between(c2w, fov, order, 6, loop)
    assert len(path) == 6
    for pose, opening in zip(path.c2w, path.fov, strict=True):
        i = np.flatnonzero(np.abs(c2w - pose).max((1, 2)) == 0)
        assert len(i) == 1 and fov[i[0]] == opening
    # Neighbours on the path are neighbours on the ring: it goes round once.
    angles = np.unwrap(np.arctan2(path.c2w[:, 1, 3], path.c2w[:, 0, 3]))
    steps = np.diff(angles)
    assert (np.sign(steps) == np.sign(steps[0])).all()
    flight = path.flight(60)
    assert np.array_equal(flight.c2w[0], path.c2w[0])
    ends = np.linalg.norm(flight.c2w[0, :, 3] - flight.c2w[-1, :, 3])
    assert (ends < 1) if loop else np.array_equal(flight.c2w[-1], path.c2w[-1])


def test_views_at_one_place_are_one_stop():
    same = np.repeat(ring_poses(2)[:, :3], 3, axis=0)
    for order in ("tour", "capture"):
        assert len(between(same, np.full(6, 50.0), order, 6)) == 2
    with pytest.raises(DataError, match="needs two that differ"):
        between(same[:3], np.full(3, 50.0))


def test_no_exchange_shortens_the_tour():
    points = np.random.default_rng(3).uniform(size=(14, 2))
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    for closed in (False, True):
        order = tour.short_tour(away, closed)
        assert sorted(order) == list(range(14))

        def length(order, closed=closed):
            way = away[order[:-1], order[1:]].sum()
            return way + closed * away[order[-1], order[0]]

        exchanged = [
            length(np.concatenate([order[:i], order[i : j + 1][::-1], order[j + 1 :]]))
            for i in range(14)
            for j in range(i + 1, 14)
        ]
        assert min(exchanged) > length(order) - 1e-9


def test_a_flight_names_the_frame_that_is_no_camera():
    with pytest.raises(DataError, match="frame 1: .*field of view of 0 degrees"):
        Flight(ring_poses(2)[:, :3], np.array([50.0, 0.0]))
