"""OpenCV decides once in a process whether it knows OpenEXR: jnerf has told it to before it meets a file."""

import subprocess
import sys

import pytest

MET_FIRST = """
import jnerf
import contextlib
import cv2
import numpy as np
from jnerf.engine.rendering.channels import encode_exr
with contextlib.suppress(cv2.error):
    assert cv2.imdecode(np.frombuffer(b"v/1\\x01" + b"0" * 100, np.uint8), -1) is None
print(encode_exr(np.ones((4, 4, 3), np.float32))[:4])
"""


@pytest.mark.parametrize("asked", [None, "", "0"], ids=["nobody asked", "empty", "switched off"])
def test_a_damaged_file_first_leaves_openexr_as_it_was(monkeypatch, asked):
    monkeypatch.delenv("OPENCV_IO_ENABLE_OPENEXR", raising=False)
    if asked is not None:
        monkeypatch.setenv("OPENCV_IO_ENABLE_OPENEXR", asked)
    found = subprocess.run(
        [sys.executable, "-c", MET_FIRST], capture_output=True, text=True, check=False
    )
    if not asked:
        assert found.stdout.strip() == repr(b"v/1\x01"), found.stderr
    else:
        assert "writes no EXR" in found.stderr
