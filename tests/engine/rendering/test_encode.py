"""A film is whole, or there is none."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from jnerf.engine.rendering import encode
from jnerf.engine.rendering.encode import write_film

FRAMES = [np.full((32, 48, 3), 10 * k, np.uint8) for k in range(12)]


def test_a_film_has_its_frames(tmp_path):
    write_film(tmp_path / "a.mp4", FRAMES, 24, (48, 32))
    assert imageio_ffmpeg.count_frames_and_secs(tmp_path / "a.mp4")[0] == len(FRAMES)


@pytest.mark.parametrize("kept", [0, 7, 200, 0.5, -1])
def test_an_ffmpeg_that_dies_behind_the_last_frame_leaves_no_film(tmp_path, monkeypatch, kept):
    write_film(tmp_path / "a.mp4", FRAMES, 24, (48, 32))
    whole = (tmp_path / "a.mp4").read_bytes()
    size = int(kept * len(whole)) if isinstance(kept, float) else kept

    def dies(path, *arguments, **keywords):
        try:
            while True:
                yield
        finally:  # it is closed
            Path(path).write_bytes(whole[:size])

    monkeypatch.setattr(imageio_ffmpeg, "write_frames", dies)
    with pytest.raises(RuntimeError, match="ffmpeg ended before the film was whole"):
        write_film(tmp_path / "b.mp4", FRAMES, 24, (48, 32))
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize(
    ("fps", "shown", "durations"),
    [
        (10, FRAMES, [100] * 12),
        (24, FRAMES, [40, 40, 40, 40, 40, 50] * 2),  # 41.7: a gif counts hundredths of a second
        (50, FRAMES, [20] * 12),
        (60, FRAMES[::2], [30, 30, 40] * 2),
        (120, FRAMES[::3], [20, 30, 20, 30]),
        (1000, FRAMES[::20], [20]),
    ],
)
def test_a_gif_plays_as_fast_as_the_film(tmp_path, fps, shown, durations):
    """Browsers show a frame of less than 20 ms for 100."""
    write_film(tmp_path / "a.gif", FRAMES, fps, (48, 32))
    found, seen = played(tmp_path / "a.gif")
    assert found == durations and np.array_equal(seen, shown)


def played(file):
    """Durations and pictures of a gif."""
    found, seen = [], []
    with Image.open(file) as gif:
        for i in range(gif.n_frames):
            gif.seek(i)
            found.append(gif.info["duration"])
            seen.append(np.asarray(gif.convert("RGB")))
    return found, seen


@pytest.mark.parametrize("kept", [1, 5, 6, 12])
def test_a_gif_is_made_in_pieces_and_shows_the_same(tmp_path, monkeypatch, kept):
    frames = [frame.copy() for frame in FRAMES]
    for i, frame in enumerate(frames):
        frame[i : i + 9, 2 * i : 2 * i + 7] = (255 - 9 * i, 7 * i, 100)
    write_film(tmp_path / "whole.gif", frames, 24, (48, 32))
    monkeypatch.setattr(encode, "_GIF_PIECE", kept)
    write_film(tmp_path / "a.gif", frames, 24, (48, 32))
    (found, seen), (durations, shown) = played(tmp_path / "a.gif"), played(tmp_path / "whole.gif")
    assert found == durations and np.array_equal(seen, shown)
    if kept == 12:
        assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "whole.gif").read_bytes()


def test_frames_of_minutes_and_like_ones_last_no_longer_than_a_gif_can_say(tmp_path):
    write_film(tmp_path / "a.gif", FRAMES[:2], 0.001, (48, 32))
    assert played(tmp_path / "a.gif")[0] == [655350, 655350]
    write_film(tmp_path / "a.gif", [FRAMES[3]] * 12, 0.01, (48, 32))
    durations, shown = played(tmp_path / "a.gif")
    assert durations == [600000, 600000] and np.array_equal(shown, [FRAMES[3]] * 2)
