"""Times of keyframes while a path is edited."""

import numpy as np
import pytest

from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.files import load_path, save_path
from jnerf.errors import DataError
from jnerf.viewer.keyframes import Keyframes

POSES = np.stack([np.column_stack([np.eye(3), [i, 0, 0]]) for i in range(4)])


def loaded(times, loop=False, period=None):
    keys, n = Keyframes(), len(times)
    path = CameraPath(POSES[:n], np.full(n, 40.0), np.array(times), loop, period)
    keys.take(path, Similarity())
    return keys


@pytest.mark.parametrize("loop, period", [(False, None), (True, 9.0)])
def test_a_file_comes_back_with_its_times(tmp_path, loop, period):
    file = tmp_path / "path.json"
    save_path(file, loaded([0.5, 1.0, 4.0], loop, period).path(Similarity()))
    found = load_path(file)
    assert found.times.tolist() == [0.5, 1.0, 4.0] and found.period == period


def test_times_are_even_until_one_is_set_and_again_when_that_is_wanted():
    keys = Keyframes()
    for pose in POSES[:3]:
        keys.add(pose, 40.0)
    assert keys.times() == [0, 2, 4]
    keys.set_time(1, 0.5)
    assert keys.times() == [0, 0.5, 4]
    keys.set_time(2, 8.0)
    assert keys.seconds == 8
    keys.add(POSES[3], 40.0)
    assert keys.times() == [0, 0.5, 8, 12] and keys.seconds == 12
    keys.delete(3)
    assert keys.times() == [0, 0.5, 8] and keys.seconds == 8
    keys.even()
    assert keys.times() == [0, 4, 8]


def test_the_length_stretches_the_times():
    keys = loaded([1.0, 2.0, 5.0])
    keys.stretch(8.0)
    assert keys.times() == [1, 3, 9] and keys.seconds == 8
    keys.close(True)
    assert keys.seconds == 12 and keys.path(Similarity()).period == 12
    keys.close(False)
    assert keys.seconds == 8 and keys.path(Similarity()).period is None


@pytest.mark.parametrize(
    "keys, i, seconds",
    [
        (loaded([0.0, 1.0, 2.0]), 1, 2.0),
        (loaded([0.0, 1.0, 2.0]), 0, 1.5),
        (loaded([0.0, 1.0, 2.0]), 2, float("nan")),
        (loaded([0.0, 1.0, 2.0], True, 3.0), 2, 3.0),
        (loaded([0.0, 1.0, 2.0], True, 3.0), 0, -1.0),
    ],
)
def test_a_time_out_of_order_is_refused(keys, i, seconds):
    before = keys.times()
    with pytest.raises(DataError, match=f"keyframe {i} cannot be at"):
        keys.set_time(i, seconds)
    assert keys.times() == before


def test_no_such_keyframe():
    with pytest.raises(DataError, match="no keyframe 0; there are 0"):
        Keyframes().checked(0)
