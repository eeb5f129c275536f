"""How long and how large a film may be."""

import re

import pytest

from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.rendering.shots import MOST_FRAMES, MOST_PIXELS, frame_count, frame_size
from jnerf.errors import ConfigError

POSE = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 4]]


def test_how_many_frames():
    path = CameraPath([POSE, POSE], [50.0, 50.0], [1.0, 3.0])
    file = PathRequest("flight.json")
    assert frame_count(FilmRequest(), None, 30, 120) == 120
    assert frame_count(FilmRequest(n_frames=7), None, 30, 120) == 7
    assert frame_count(FilmRequest(seconds=2), None, 30, 120) == 60
    assert frame_count(FilmRequest(path=file), path, 30, 120) == 61
    assert frame_count(FilmRequest(n_frames=MOST_FRAMES), None, 30, 120) == MOST_FRAMES


def test_films_that_no_memory_holds_are_refused():
    path = CameraPath([POSE, POSE], [50.0, 50.0], [0.0, 1e7])
    file = PathRequest("flight.json")
    asked = [(FilmRequest(n_frames=MOST_FRAMES + 1), None), (FilmRequest(seconds=1e300), None)]
    for request, given in [*asked, (FilmRequest(path=file), path)]:
        with pytest.raises(ConfigError, match=f"more than {MOST_FRAMES} frames. Lower --frames"):
            frame_count(request, given, 1e10, 120)


def test_sizes_of_frames():
    assert frame_size(FilmRequest(formats=("gif",)), (7, 5)) == (7, 5)
    assert frame_size(FilmRequest(), (7, 5)) == (6, 4)
    assert frame_size(FilmRequest(scale=0.01), (7, 5)) == (2, 2)
    assert frame_size(FilmRequest(scale=0.5), (2 * MOST_PIXELS, 4)) == (MOST_PIXELS - 1, 2)
    said = re.escape("a frame of 100000 x 4 pixels, times --scale 1, is too large")
    with pytest.raises(ConfigError, match=said):
        frame_size(FilmRequest(), (100_000, 4))
