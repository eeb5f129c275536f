"""The files of a sparse model as text: one record a line (an image: two), ``#`` begins a comment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.colmap.model.parts import ColmapCamera, ColmapImage, Points
from jnerf.datasets.files.text_files import read_text
from jnerf.errors import DataError

Line = tuple[int, str]


def read_cameras(path: Path) -> dict[int, ColmapCamera]:
    """Cameras by id: ``CAMERA_ID MODEL WIDTH HEIGHT PARAMS...``.

    Raises:
        DataError: the file cannot be read, or a line is malformed.
    """
    cameras = {}
    for number, line in _records(path):
        words = line.split()
        try:
            key, width, height = int(words[0]), int(words[2]), int(words[3])
            params = tuple(float(word) for word in words[4:])
        except (IndexError, ValueError):
            raise _malformed(path, number, line, "CAMERA_ID MODEL WIDTH HEIGHT PARAMS...") from None
        cameras[key] = ColmapCamera(f"{path}: camera {key}", words[1], width, height, params)
    return cameras


def read_images(path: Path) -> list[ColmapImage]:
    """Images: ``IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME``, then a line of ``X Y POINT3D_ID`` triples.

    Raises:
        DataError: the file cannot be read, or a line is malformed.
    """
    images = []
    lines = _records(path, blank=True)
    for number, line in lines:
        if not line:
            continue
        # The name is the rest of the line: it may hold spaces.
        words = line.split(maxsplit=9)
        try:
            pose = np.array(words[1:8], np.float64)
            camera, name = int(words[8]), words[9]
        except (IndexError, ValueError):
            wanted = "IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME"
            raise _malformed(path, number, line, wanted) from None
        ids, xy = _features(path, *next(lines, (number + 1, "")))
        images.append(ColmapImage.of(name, camera, pose, ids, xy))
    return images


def read_points(path: Path) -> Points:
    """Points: ``POINT3D_ID X Y Z R G B ERROR TRACK...``.

    Raises:
        DataError: the file cannot be read, or a line is malformed.
    """
    ids, positions, colors, errors, tracks = [], [], [], [], []
    for number, line in _records(path):
        words = line.split()
        try:
            ids.append(int(np.int64(int(words[0]))))
            positions.append([float(word) for word in (words[1], words[2], words[3])])
            # Some writers leave out what is not needed to place a scene.
            colors.append([float(x) for x in words[4:7]] if len(words) > 6 else [0.0, 0.0, 0.0])
            errors.append(float(words[7]) if len(words) > 7 else 0.0)
        except (IndexError, ValueError, OverflowError):
            wanted = "POINT3D_ID X Y Z R G B ERROR TRACK..."
            raise _malformed(path, number, line, wanted) from None
        tracks.append(max(0, len(words) - 8) // 2)
    rgb = np.clip(np.nan_to_num(np.array(colors)), 0, 255)
    return Points.of(ids, positions, rgb, errors, tracks)


def _features(path: Path, number: int, line: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The points [F] in a line of features, -1 for one that became none, and where they are, [F, 2]."""
    words = line.split()
    try:
        if len(words) % 3:
            raise ValueError
        ids = np.array(words[2::3], np.int64)
        xy = np.array([words[0::3], words[1::3]], np.float64).T
    except (ValueError, OverflowError):
        wanted = "X Y POINT3D_ID for each feature of the image above (or an empty line)"
        raise _malformed(path, number, line, wanted) from None
    return ids, xy


def _records(path: Path, blank: bool = False) -> Iterator[Line]:
    """Lines with their numbers, stripped, without comments; empty ones only if ``blank``."""
    try:
        content = read_text(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}. Export the model again") from error
    for number, line in enumerate(content.split("\n"), start=1):
        line = line.strip()
        if not line.startswith("#") and (line or blank):
            yield number, line


def _malformed(path: Path, number: int, line: str, wanted: str) -> DataError:
    shown = line if len(line) <= 80 else line[:80] + "..."
    return DataError(
        f"{path}:{number}: expected {wanted}, found '{shown}'. The file may be truncated: export the "
        "model again"
    )
