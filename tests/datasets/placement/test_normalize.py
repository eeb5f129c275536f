"""Similarities found from camera poses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import ring_poses

from jnerf.datasets.placement.normalize import (
    average_pose,
    centre_and_scale,
    focus_point,
    normalize,
    orient_principal,
    orient_up,
    recentre,
    spherify,
)
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

RING = ring_poses(6)[:, :3]

# Without subnormals: Jittor's own kernels switch them off for the process, which hypothesis would refuse.
small, angles = (st.floats(-x, x, allow_subnormal=False) for x in (5, 3))
similarities = st.builds(
    lambda scale, axis, angle, move: Similarity(scale, turn(axis, angle), move),
    st.floats(0.1, 10),
    st.lists(small, min_size=3, max_size=3),
    angles,
    st.lists(small, min_size=3, max_size=3),
)


def turn(axis, angle):
    x, y, z = np.add(axis, [0, 0, 6]) / np.linalg.norm(np.add(axis, [0, 0, 6]))
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def arc(n=7):
    """Cameras on a part of the ring: neither their mean position nor their mean view is special."""
    return ring_poses(20)[:n, :3]


@settings(deadline=None)
@given(similarities)
def test_recentred_poses_do_not_depend_on_the_world(world):
    moved = world.poses(arc())
    expected = recentre(arc()).poses(arc())
    found = recentre(moved).poses(moved)
    np.testing.assert_allclose(found[:, :, :3], expected[:, :, :3], atol=1e-9)
    np.testing.assert_allclose(found[:, :, 3], world.scale * expected[:, :, 3], atol=1e-7)


@settings(deadline=None)
@given(similarities)
def test_spherified_and_normalized_cameras_stay_congruent(world):
    """Up to a turn about the axis that is made +z, which nothing in the poses decides."""
    moved = world.poses(arc())
    for find in (spherify, lambda c2w: normalize(c2w, True, True, True)):
        found, expected = (find(c2w).poses(c2w)[:, :, 3] for c2w in (moved, arc()))
        np.testing.assert_allclose(found[:, 2], expected[:, 2], atol=1e-7)
        gaps = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (found, expected)]
        np.testing.assert_allclose(*gaps, atol=1e-7)


def test_spherify_golden():
    """Six cameras, 4 from the z axis and 1 above the origin that they look at."""
    found = spherify(RING)
    np.testing.assert_allclose(found.scale, 17**-0.5)
    eyes = found.poses(RING)[:, :, 3]
    np.testing.assert_allclose(np.linalg.norm(eyes, axis=1), 1)
    np.testing.assert_allclose(eyes[:, 2], 17**-0.5)
    shifted = Similarity(translation=(3, 2, 1)).poses(RING)
    np.testing.assert_allclose(focus_point(shifted), [3, 2, 1], atol=1e-9)
    np.testing.assert_allclose(spherify(shifted).points([3, 2, 1]), 0, atol=1e-9)


def test_spherify_where_cameras_are_all_around():
    """The mean side of them is none: their own up axes decide."""
    poses = ring_poses(6, height=0.0)[:, :3]
    tilted = Similarity(rotation=turn([1, 2, -6], 1.0))
    np.testing.assert_allclose(
        spherify(tilted.poses(poses)).directions(tilted.directions([0, 0, 1])), [0, 0, 1], atol=1e-9
    )


def test_recentre_golden():
    poses = arc()
    average = average_pose(poses)
    np.testing.assert_allclose(recentre(poses).poses(average), np.eye(4)[:3], atol=1e-12)
    np.testing.assert_allclose(average[:, 3], poses[:, :, 3].mean(0))
    one = recentre(poses[:1]).poses(poses[:1])
    np.testing.assert_allclose(one[0], np.eye(4)[:3], atol=1e-12)


@pytest.mark.parametrize("angle", [0, 0.3, 2, np.pi - 1e-9, np.pi])
def test_up_becomes_z(angle):
    turned = Similarity(rotation=turn([1, 0, -6], angle)).poses(RING)
    found = orient_up(turned).poses(turned)[:, :, 1].mean(axis=0)
    np.testing.assert_allclose(found / np.linalg.norm(found), [0, 0, 1], atol=1e-7)


def test_centre_and_scale_separately():
    poses = Similarity(2.0, translation=(7, 8, 9)).poses(RING)
    middle = poses[:, :, 3].mean(0)
    centred = centre_and_scale(poses, scale=False)
    assert centred.scale == 1
    np.testing.assert_allclose(centred.points(middle), 0, atol=1e-12)
    scaled = centre_and_scale(poses, centre=False)
    np.testing.assert_allclose(scaled.scale, 1 / 8)
    np.testing.assert_allclose(scaled.points([0, 0, 0]), 0)
    both = centre_and_scale(poses).poses(poses)[:, :, 3]
    np.testing.assert_allclose(np.linalg.norm(both, axis=1).max(), 1)
    assert normalize(poses, False, False, False).to_dict() == Similarity().to_dict()


@settings(deadline=None)
@given(similarities)
def test_principal_axes_do_not_depend_on_the_world(world):
    """Cameras on a flat ellipse, up across it: the long axis is x, the short one y, and the largest coordinate is 1."""
    poses = ring_poses(24)[:, :3]
    poses[:, :, 3] *= [2.0, 5.0, 0.1]
    poses[0, 0, 3] += 0.5  # no symmetry leaves an axis open
    found = normalize(world.poses(poses), True, True, True, principal=True).poses(
        world.poses(poses)
    )
    eyes = found[:, :, 3]
    np.testing.assert_allclose(eyes.mean(0), 0, atol=1e-9)
    assert np.abs(eyes).max() == pytest.approx(1)
    spread = eyes.T @ eyes
    np.testing.assert_allclose(spread, np.diag(np.diag(spread)), atol=1e-8)
    assert spread[0, 0] > spread[1, 1] > spread[2, 2]
    assert found[:, :, 1].mean(0)[2] > 0
    np.testing.assert_allclose(np.linalg.det(orient_principal(poses).rotation), 1)


def flipped(poses, axis):
    """Every second camera turned by half about its own axis."""
    half = np.diag(np.where(np.arange(3) == axis, 1.0, -1.0))
    poses = poses.copy()
    poses[::2, :, :3] = poses[::2, :, :3] @ half
    return poses


@pytest.mark.parametrize(
    ("find", "poses", "message"),
    [
        (orient_up, flipped(np.tile(RING[:1], (4, 1, 1)), 2), "up axes cancel out"),
        (recentre, flipped(np.tile(RING[:1], (4, 1, 1)), 1), "view directions cancel out"),
        (centre_and_scale, np.tile(RING[:1], (3, 1, 1)), "all 3 cameras stand at .* dataset.scale"),
        (spherify, np.tile(RING[:1], (3, 1, 1)), "optical axes of 3 .* parallel"),
        (spherify, RING * [-1, 1, -1, 1], "6 of 6 cameras look away"),
    ],
)
def test_poses_that_do_not_say_how(find, poses, message):
    with pytest.raises(DataError, match=message):
        find(poses)
