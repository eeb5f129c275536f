"""A film is whole, or there is none."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

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
