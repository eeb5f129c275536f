"""OpenCV's log, silent where an error of ours says more: of what it cannot decode it prints lines as well."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import cv2

_SILENT = 0
_lock, _inside, _before = Lock(), 0, _SILENT


def _log() -> Any:
    """What sets the level: it has moved between OpenCV's versions."""
    return cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging


@contextmanager
def silent() -> Iterator[None]:
    """Inside, OpenCV logs nothing, in no thread; unless ``OPENCV_LOG_LEVEL`` is set, which then decides.

    What libpng and libjpeg say by themselves does not go through its log.
    """
    global _inside, _before
    if os.environ.get("OPENCV_LOG_LEVEL"):
        yield
        return
    with _lock:
        if _inside == 0:
            _before = _log().getLogLevel()
            _log().setLogLevel(_SILENT)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _log().setLogLevel(_before)
