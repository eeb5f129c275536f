"""What OpenCV cannot decode is said by jnerf alone; OpenCV's own log comes back behind it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import cv2
import numpy as np
import pytest

from jnerf.imaging import opencv_log

READ = """
import sys
import jnerf
from pathlib import Path
from jnerf.datasets.pictures.decoding import read_rgba
from jnerf.datasets.pictures.depth_files import read_depth
from jnerf.errors import DataError
from jnerf.report.pictures import read_picture
for path in map(Path, sys.argv[1:]):
    read_picture(path)
    try:
        (read_depth if path.suffix == ".exr" else read_rgba)(path)
    except DataError as error:
        print(error, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Files cut in their middle."""
    folder, image = tmp_path_factory.mktemp("damaged"), np.full((64, 64, 3), 99, np.uint8)
    image[::2] = np.arange(64, dtype=np.uint8)[:, None]
    for suffix in (".png", ".jpg", ".bmp", ".jp2", ".webp", ".tiff"):
        data = cv2.imencode(suffix, image)[1].tobytes()
        (folder / f"cut{suffix}").write_bytes(data[: len(data) // 2])
    (folder / "cut.exr").write_bytes(b"v/1\x01" + bytes(99))
    return sorted(folder.iterdir())


@pytest.mark.parametrize("level", [None, "WARNING"], ids=["nobody asked", "asked for"])
def test_a_damaged_image_has_our_line_alone(damaged, level):
    env = {key: value for key, value in os.environ.items() if key != "OPENCV_LOG_LEVEL"}
    env |= {} if level is None else {"OPENCV_LOG_LEVEL": level}
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, damaged)],
        cwd=Path(__file__).parents[2],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [line for line in done.stderr.splitlines() if line.startswith(("image /", "depth /"))]
    assert len(ours) == len(damaged)
    assert ("global" in done.stderr) == (level is not None)
    assert level is not None or done.stderr.splitlines() == ours


@pytest.fixture
def log(monkeypatch):
    """OpenCV's, at a level that says something, whatever another test has left it at."""
    monkeypatch.delenv("OPENCV_LOG_LEVEL", raising=False)
    log = opencv_log._log()
    before = log.getLogLevel()
    log.setLogLevel(3)
    yield log
    log.setLogLevel(before)


def test_the_log_comes_back_when_the_last_thread_leaves(log):
    both = Barrier(2)

    def inside(_):
        with opencv_log.silent():
            both.wait(10)
            return log.getLogLevel()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(inside, range(2))) == [0, 0]
    assert log.getLogLevel() == 3
