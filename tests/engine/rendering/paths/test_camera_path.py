"""Keyframes and the curve through them."""

import json

import numpy as np
import pytest

from jnerf.engine.rendering.paths import quaternions
from jnerf.engine.rendering.paths.camera_path import CameraPath, Flight
from jnerf.engine.rendering.paths.files import dumps, load_path, parse_path, save_path
from jnerf.errors import DataError


def some_path(loop=False, n=6, **more):
    rng = np.random.default_rng(4)
    rotations = quaternions.to_matrices(rng.normal(size=(n, 4)))
    c2w = np.concatenate([rotations, rng.normal(size=(n, 3, 1))], axis=2)
    times = np.cumsum(rng.uniform(0.2, 2, n))
    return CameraPath(c2w, rng.uniform(30, 80, n), times, loop, **more)


@pytest.mark.parametrize("loop", [False, True])
def test_the_path_passes_through_its_keyframes(loop):
    path = some_path(loop)
    found = path.at(path.times)
    assert np.array_equal(found.c2w, path.c2w)
    assert np.allclose(found.fov, path.fov, rtol=0, atol=1e-12)
    if loop:  # the next round is the same
        assert np.allclose(path.at(path.times + path.period).c2w, path.c2w, atol=1e-6)


@pytest.mark.parametrize("loop", [False, True])
def test_no_jump_and_no_jerk(loop):
    """Speeds just before and just after a keyframe are the same, of positions, rotations and fields of view."""
    path, h = some_path(loop), 1e-5
    knots = path.times if loop else path.times[1:-1]
    for time in knots:
        a, b, c = (path.at(time + k * h) for k in (-1, 0, 1))
        before, after = (b.c2w - a.c2w) / h, (c.c2w - b.c2w) / h
        assert np.abs(after - before).max() < 1e-3 * np.abs(before).max()
        assert abs((c.fov - 2 * b.fov + a.fov) / h) < 1e-2 * abs(b.fov - a.fov) / h + 1e-3


def test_between_keyframes_cameras_are_rigid_and_move_evenly_on_a_line():
    turned = quaternions.to_matrices(quaternions.exp(np.array([[0, 0, 0.0], [0, 1, 0], [0, 2, 0]])))
    c2w = np.concatenate([turned, np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0.0]])[..., None]], axis=2)
    path = CameraPath(c2w, [50, 50, 50], [0, 1, 2])
    found = path.at(np.linspace(0, 2, 9))
    assert np.allclose(found.c2w[:, :, 3], np.linspace(0, 2, 9)[:, None] * [1, 0, 0])
    angles = quaternions.log(quaternions.from_matrices(found.c2w[:, :, :3]))
    assert np.allclose(angles, np.linspace(0, 2, 9)[:, None] * [0, 1, 0])
    assert np.array_equal(found.fov, np.full(9, 50.0))


def test_the_short_way_round():
    turned = quaternions.to_matrices(quaternions.exp(np.array([[0, 0, 3.0], [0, 0, -3.0]])))
    c2w = np.concatenate([turned, np.zeros((2, 3, 1))], axis=2)
    middle = CameraPath(c2w, [50, 50], [0, 1]).at(0.5)
    assert np.allclose(middle.c2w[0, :, :3], np.diag([-1, -1, 1]))


def test_quaternions_are_their_matrices():
    q = np.random.default_rng(1).normal(size=(50, 4))
    q = np.concatenate([q / np.linalg.norm(q, axis=1, keepdims=True), np.eye(4)])
    m = quaternions.to_matrices(q)
    assert np.allclose(m @ m.transpose(0, 2, 1), np.eye(3)) and np.allclose(np.linalg.det(m), 1)
    back = quaternions.from_matrices(m)
    assert np.allclose(np.abs((back * q).sum(1)), 1)
    # A quarter turn about z takes x to y.
    quarter = quaternions.to_matrices([[0, 0, np.sqrt(0.5), np.sqrt(0.5)]])[0]
    assert np.allclose(quarter @ [1, 0, 0], [0, 1, 0])
    product = quaternions.to_matrices(quaternions.times(q[:20], q[20:40]))
    assert np.allclose(product, m[:20] @ m[20:40])
    assert np.allclose(np.abs((quaternions.exp(quaternions.log(q)) * q).sum(1)), 1)


def test_frames_of_a_film():
    path = some_path()
    assert np.array_equal(path.flight(5).c2w[[0, -1]], path.c2w[[0, -1]])
    assert path.n_frames(30) == round((path.times[-1] - path.times[0]) * 30) + 1
    round_trip = some_path(loop=True, period=20.0)
    assert round_trip.n_frames(10) == 200
    flight = round_trip.flight(200)
    assert np.array_equal(flight.c2w[0], round_trip.c2w[0])
    gap = np.linalg.norm(flight.c2w[0, :, 3] - flight.c2w[-1, :, 3])
    assert 0 < gap < 2 * np.linalg.norm(np.diff(flight.c2w[:, :, 3], axis=0), axis=1).max()


def test_every_frame_given_is_every_frame_shown():
    path = some_path(n=25)
    film = CameraPath.of_frames(path.c2w, path.fov, 24)
    assert film.n_frames(24) == 25
    assert np.array_equal(film.flight(25).c2w, path.c2w)


def test_one_keyframe_stands_still():
    path = CameraPath(some_path().c2w[:1], [40], [3.0], loop=True)
    assert np.array_equal(path.flight(3).c2w, np.repeat(path.c2w, 3, axis=0))


def test_intrinsics():
    flight = Flight(some_path().c2w[:1], np.array([90.0]))
    assert np.allclose(flight.intrinsics(64, 48), [[24, 24, 32, 24]])
    assert np.allclose(flight.with_fov(60).intrinsics(10, 10)[0, 0], 5 / np.tan(np.radians(30)))


@pytest.mark.parametrize("loop", [False, True])
def test_what_is_written_is_read(tmp_path, loop):
    path = some_path(loop, fps=24.0, size=(320, 240))
    save_path(tmp_path / "path.json", path)
    found = load_path(tmp_path / "path.json")
    for name in ("c2w", "fov", "times"):
        assert np.array_equal(getattr(found, name), getattr(path, name))
    assert (found.loop, found.period, found.fps, found.size) == (
        loop,
        path.period,
        24.0,
        (320, 240),
    )


def test_a_list_of_frames_is_a_path():
    path = some_path()
    frames = [{"c2w": [*pose.tolist(), [0, 0, 0, 1]], "fov": 40} for pose in path.c2w]
    found = parse_path({"frames": frames, "fps": 5}, "here")
    assert np.allclose(np.diff(found.times), 0.2) and found.n_frames(5) == 6
    assert np.array_equal(found.flight(6).c2w, path.c2w)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda d: d["keyframes"][1].update(fov=0), "keyframe 1: .*field of view of 0 degrees"),
        (lambda d: d["keyframes"][1].pop("fov"), r"keyframes\[1\]: 'fov' must be a number"),
        (lambda d: d["keyframes"][2].update(time=0), "each after the one before"),
        (lambda d: d["keyframes"][0].update(c2w=[1, 2]), r"keyframes\[0\]: 'c2w' must be 3x4 or 4x4"),
        (lambda d: d["keyframes"][0].update(c2w=[[1, 0, 0, 0]] * 3), "no rigid motion"),
        (lambda d: d.update(period=0.1), "a loop of 0.1 seconds has keyframes over"),
        (lambda d: d.update(keyframes=[]), "'keyframes' must be a list that is not empty"),
        (lambda d: d.update(frames=[]), "not both"),
        (lambda d: d.update(version=2), "version 2 of the format"),
        (lambda d: d.update(width=10), "'width' and 'height' must be whole numbers"),
        (lambda d: d.update(loop="yes"), "'loop' must be true or false"),
        (lambda d: d.pop("keyframes"), "no camera path: expected 'keyframes' or"),
    ],
)  # fmt: skip
def test_a_broken_path_is_named(change, said):
    data = json.loads(dumps(some_path(loop=True)))
    change(data)
    with pytest.raises(DataError, match=said) as raised:
        parse_path(data, "flight.json")
    assert str(raised.value).startswith("flight.json: ")


def test_a_file_that_is_no_json(tmp_path):
    (tmp_path / "cut.json").write_text('{"keyframes": [')
    with pytest.raises(DataError, match="cut.json:1:.*not valid json"):
        load_path(tmp_path / "cut.json")
    with pytest.raises(DataError, match="absent.json not found"):
        load_path(tmp_path / "absent.json")
