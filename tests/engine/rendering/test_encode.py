"""A film is whole, or there is none."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

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
    found, seen = [], []
    with Image.open(tmp_path / "a.gif") as gif:
        for i in range(gif.n_frames):
            gif.seek(i)
            found.append(gif.info["duration"])
            seen.append(np.asarray(gif.convert("RGB"))[0, 0].tolist())
    assert (found, seen) == (durations, [frame[0, 0].tolist() for frame in shown])
