"""The files of a sparse model as COLMAP itself keeps them: little-endian records behind their number."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.colmap.model.cameras import MODELS, unknown_model
from jnerf.datasets.colmap.model.parts import ColmapCamera, ColmapImage, Points
from jnerf.errors import DataError

# Numbers of models as COLMAP counts them; those after the tenth are here for the sake of their names.
_NAMES = (
    "SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV", "OPENCV_FISHEYE", "FULL_OPENCV", "FOV",
    "SIMPLE_RADIAL_FISHEYE", "RADIAL_FISHEYE", "THIN_PRISM_FISHEYE", "RAD_TAN_THIN_PRISM_FISHEYE",
    "SIMPLE_DIVISION", "DIVISION", "SIMPLE_FISHEYE", "FISHEYE", "EUCM", "EQUIRECTANGULAR",
)  # fmt: skip
_COUNT = struct.Struct("<Q")
_FEATURE = np.dtype([("xy", "<f8", 2), ("point", "<i8")])


class _Bytes:
    """A file's bytes, taken from the front."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from error
        self.at = 0

    def take(self, layout: struct.Struct) -> tuple:
        """The values of the next record."""
        start = self.skip(layout.size)
        return layout.unpack_from(self.data, start)

    def skip(self, size: int) -> int:
        """Goes on by a number of bytes and says where they began."""
        start = self.at
        if size < 0 or start + size > len(self.data):
            raise _truncated(self.path, len(self.data))
        self.at = start + size
        return start

    def word(self) -> str:
        """Text up to the next zero byte."""
        end = self.data.find(b"\0", self.at)
        start = self.skip(len(self.data) if end < 0 else end + 1 - self.at)
        return self.data[start:end].decode("utf-8", "replace")


def read_cameras(path: Path) -> dict[int, ColmapCamera]:
    """Cameras by id.

    Raises:
        DataError: the file is truncated, or a camera's model is unknown.
    """
    file, record = _Bytes(path), struct.Struct("<iiQQ")
    cameras = {}
    for _ in range(*file.take(_COUNT)):
        key, number, width, height = file.take(record)
        label = f"{path}: camera {key}"
        name = _NAMES[number] if 0 <= number < len(_NAMES) else f"number {number}"
        if name not in MODELS:
            # Without the number of its parameters the rest of the file is lost as well.
            raise unknown_model(label, name)
        params = file.take(struct.Struct(f"<{len(MODELS[name].params)}d"))
        cameras[key] = ColmapCamera(label, name, width, height, params)
    return cameras


def count_images(path: Path) -> int:
    """How many images a file says it holds.

    Raises:
        DataError: the file is truncated.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_COUNT.size)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(head) < _COUNT.size:
        raise _truncated(path, len(head))
    return _COUNT.unpack(head)[0]


def read_images(path: Path) -> list[ColmapImage]:
    """Images, in the file's order.

    Raises:
        DataError: the file is truncated.
    """
    file, record = _Bytes(path), struct.Struct("<i7di")
    images = []
    for _ in range(*file.take(_COUNT)):
        _, *pose, camera = file.take(record)
        name = file.word()
        features = _features(file, *file.take(_COUNT))
        images.append(
            ColmapImage.of(name, camera, np.array(pose), features["point"], features["xy"])
        )
    return images


def read_points(path: Path) -> Points:
    """All points.

    Raises:
        DataError: the file is truncated.
    """
    file, record = _Bytes(path), struct.Struct("<q3d3BdQ")
    rows = []
    for _ in range(*file.take(_COUNT)):
        rows.append(file.take(record))
        file.skip(8 * rows[-1][-1])
    ids, x, y, z, r, g, b, errors, tracks = zip(*rows, strict=True) if rows else [()] * 9
    return Points.of(ids, np.column_stack([x, y, z]), np.column_stack([r, g, b]), errors, tracks)


def _features(file: _Bytes, count: int) -> NDArray[np.void]:
    start = file.skip(_FEATURE.itemsize * count)
    return np.frombuffer(file.data, _FEATURE, count, start)


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read: {error}. Export the model again")


def _truncated(path: Path, size: int) -> DataError:
    return DataError(
        f"{path} ends after {size} bytes, in the middle of a record: it is truncated or no "
        "COLMAP file. Copy it again from its source, or export the model again"
    )
