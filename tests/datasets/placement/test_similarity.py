"""The world-to-field transform."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

# Without subnormals: Jittor's own kernels switch them off for the process, which hypothesis would refuse.
number, angles = (st.floats(-x, x, allow_subnormal=False) for x in (10, 3))


def rotation(axis: list[float], angle: float) -> np.ndarray:
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


@given(st.floats(0.01, 100), angles, st.lists(number, min_size=3, max_size=3))
def test_inverse_and_dict_round_trip(scale, angle, translation):
    forth = Similarity(scale, rotation([1, 2, 3], angle), translation)
    points = np.array([[0.0, 0, 0], [1, -2, 3]])
    np.testing.assert_allclose(forth.inverse().points(forth.points(points)), points, atol=1e-9)
    stored = Similarity.from_dict(json.loads(json.dumps(forth.to_dict())))
    np.testing.assert_array_equal(stored.points(points), forth.points(points))
    homogeneous = np.concatenate([points, np.ones((2, 1))], axis=1) @ forth.matrix().T
    np.testing.assert_allclose(homogeneous[:, :3], forth.points(points), atol=1e-9)


def test_poses_move_with_their_points():
    """A point fixed in the camera's frame lands at the same place whichever way one goes."""
    forth = Similarity(0.5, rotation([0, 1, 1], 0.7), (1, 2, 3))
    pose = np.concatenate([rotation([1, 0, 0], 0.4), [[4.0], [5], [6]]], axis=1)
    moved = forth.poses(pose[None])[0]
    local = np.array([0.3, -0.2, -2.0])
    world = pose[:, :3] @ local + pose[:, 3]
    np.testing.assert_allclose(moved[:, :3] @ (0.5 * local) + moved[:, 3], forth.points(world))
    np.testing.assert_allclose(forth.directions(pose[:, 2]), moved[:, 2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, "scale .* positive number, got 0"),
        ({"scale": float("nan")}, "scale .* got nan"),
        ({"rotation": np.diag([1.0, 1, -1])}, "not a 3x3 rotation"),
        ({"translation": (0, float("inf"), 0)}, "three numbers"),
    ],
)
def test_unusable_values(arguments, message):
    with pytest.raises(DataError, match=message):
        Similarity(**arguments)


def test_incomplete_dict():
    with pytest.raises(DataError, match="lacks rotation, translation"):
        Similarity.from_dict({"scale": 1.0})
