"""Pictures and films inside a page: JPEG of bounded size, as data URIs."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.imaging.opencv_log import silent
from jnerf.imaging.view_files import ViewFiles

MOST_PIXELS = 560  # a side
_QUALITY = 84


def panels(folder: Path, item: Mapping[str, Any]) -> dict[str, NDArray[np.uint8]]:
    """The pictures of a judged view, BGR [H, W, 3] by what they show; without those that cannot be read.

    Args:
        folder: of the test.
        item: what the test says of the view.
    """
    files = ViewFiles(folder, str(item.get("files", item["name"])))
    strip, depth = read_picture(files.strip), read_picture(files.depth)
    found = {}
    if strip is not None:
        width = strip.shape[1] // 3
        whole = depth is not None and depth.shape[1] != width  # of a judge with pictures of its own
        parts = [strip] if whole or strip.shape[1] % 3 else np.split(strip, 3, axis=1)
        names = ("prediction", "truth", "error") if len(parts) == 3 else ("picture",)
        found |= dict(zip(names, parts, strict=True))
    others = {"depth": depth, "normals": read_picture(files.normal)}
    return found | {title: picture for title, picture in others.items() if picture is not None}


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """A picture, BGR [H, W, 3]; None where there is none that can be read."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    with silent():
        return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None


def data_uri(picture: NDArray[np.uint8], most: int = MOST_PIXELS) -> str:
    """A picture as text that an ``img`` takes.

    Args:
        picture: BGR [H, W, 3].
        most: pixels of its longer side.
    """
    height, width = picture.shape[:2]
    if max(height, width) > most:
        scale = most / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def film_uri(path: Path) -> str:
    """An MP4 film as text that a ``video`` takes."""
    return f"data:video/mp4;base64,{base64.b64encode(path.read_bytes()).decode()}"
