"""Reads the text files of scenes in the format of NSVF: intrinsics, poses and the bounding box."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.files.text_files import read_text
from jnerf.datasets.pictures.decoding import same_shape
from jnerf.errors import ConfigError, DataError


def read_intrinsics(path: Path, stored: NDArray[np.int64]) -> NDArray[np.float64]:
    """fx, fy, cx, cy of each image, from one of the two forms that ``intrinsics.txt`` has.

    1. A 3x3 or 4x4 calibration matrix.
    2. ``f cx cy`` in the first line (a fourth number is ignored); where the last line is two numbers, they are the
       height and width of the images that the first line speaks of.

    Args:
        path: the file.
        stored: width, height of the images on disk, [N, 2].

    Returns:
        In pixels of the images on disk, float64 [N, 4].

    Raises:
        DataError: the file is missing or of another form, or images have another shape than it says.
    """
    rows = _rows(path)
    matrix = _square(rows)
    if matrix is not None:
        found = [matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]]
    elif len(rows[0]) in (3, 4):
        found = [rows[0][0], *rows[0][:3]]
    else:
        raise DataError(
            f"{path}: expected a 4x4 (or 3x3) calibration matrix, or 'f cx cy' in the first line, found {rows[0]}"
        )
    if min(found[:2]) <= 0:
        raise DataError(f"{path}: focal lengths must be positive, got {found[:2]}")
    result = np.tile(np.asarray(found, np.float64), (len(stored), 1))
    size, labels = read_size(path), [str(path)] * len(stored)
    if not np.isfinite(size).all():
        return in_pixels(result, stored, labels)
    factors = _factors(path, size, stored)
    return in_pixels(result, np.tile(size, (len(stored), 1)), labels) * np.tile(factors, 2)


def read_size(path: Path) -> NDArray[np.float64]:
    """Width and height of the images that ``intrinsics.txt`` speaks of, NaN where it does not say, float64 [2].

    Raises:
        DataError: the file is missing or holds no numbers.
    """
    rows = _rows(path)
    if _square(rows) is None and len(rows) > 1 and len(rows[-1]) == 2:
        return np.array(rows[-1][::-1], np.float64)
    return np.full(2, np.nan)


def _square(rows: Sequence[Sequence[float]]) -> NDArray[np.float64] | None:
    """The calibration matrix, if the rows are one."""
    n = len(rows)
    if n not in (3, 4) or any(len(row) != n for row in rows):
        return None
    return np.asarray(rows)


def _factors(path: Path, size: Sequence[float], stored: NDArray[np.int64]) -> NDArray[np.float64]:
    """Width and height of images on disk over those that the file speaks of, [N, 2]."""
    width, height = size
    for found in stored.tolist():
        if min(size) < 1 or not same_shape(tuple(found), (width, height)):
            raise DataError(
                f"{path} speaks of images of {width:g}x{height:g} pixels, and there is one of {found[0]}x{found[1]}: "
                "images may be larger or smaller, but of the same shape"
            )
    return stored / [width, height]


def read_matrix(path: Path) -> NDArray[np.float64]:
    """A 4x4 (or 3x4) matrix, as it is.

    Raises:
        DataError: the file is missing or holds anything else.
    """
    rows = _rows(path)
    if len(rows) not in (3, 4) or any(len(row) != 4 for row in rows):
        raise DataError(
            f"{path}: expected a 4x4 matrix, found {len(rows)} lines of {[len(row) for row in rows][:5]} numbers"
        )
    return np.asarray(rows)


def read_bbox(
    folder: Path, given: Sequence[float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The corners (min xyz), (max xyz) of a scene: the given six numbers, else those of ``bbox.txt``.

    The file's seventh number, NSVF's voxel size, is ignored.

    Raises:
        ConfigError: what is given is no box.
        DataError: the file is missing, or holds no box.
    """
    path = folder / "bbox.txt"
    if given is not None:
        found, error, where = list(given), ConfigError, "bbox"
    else:
        if not path.is_file():
            raise DataError(
                f"{path} not found. {nearby(path.absolute())} It says where the scene is: restore it, or give "
                "dataset.bbox = (min x, y, z, max x, y, z) in world units"
            )
        found, error, where = [x for row in _rows(path) for x in row], DataError, str(path)
    if len(found) not in ((6,) if given is not None else (6, 7)):
        raise error(
            f"{where}: expected min x, y, z, max x, y, z, got {len(found)} numbers: {found}"
        )
    low, high = np.asarray(found[:3], np.float64), np.asarray(found[3:6], np.float64)
    if not (low < high).all():
        raise error(f"{where}: min < max must hold on every axis, got {found[:6]}")
    return low, high


def _rows(path: Path) -> list[list[float]]:
    """The numbers of a text file by line, without empty lines and what follows a #."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise DataError(f"{path} not found. {nearby(path.absolute())}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            row = [float(word) for word in line.split("#")[0].replace(",", " ").split()]
        except ValueError:
            raise DataError(
                f"{path}:{number}: expected numbers, found '{line.strip()[:80]}'"
            ) from None
        if not np.isfinite(row).all():
            raise DataError(f"{path}:{number}: NaN or infinity: '{line.strip()[:80]}'")
        if row:
            rows.append(row)
    if not rows:
        raise DataError(f"{path} is empty: copy or export it again")
    return rows
