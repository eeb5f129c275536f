"""Depth in files: PNG or TIFF of 16 bits, EXR, ``.npy`` and ``.npz``. What is 0, negative or no number is not known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.array_files import load_array, load_arrays
from jnerf.datasets.pictures.decoding import read_stored, same_shape
from jnerf.datasets.pictures.headers import image_size
from jnerf.errors import DataError
from jnerf.imaging.opencv_log import silent

_ARRAYS = (".npy", ".npz")


def read_depth(path: Path) -> NDArray[np.float32]:
    """The numbers of a file, float32 [H, W]; 0 where they are not known.

    Raises:
        DataError: the file is missing, damaged, or holds no depth.
    """
    stored = np.squeeze(_stored(path))
    if stored.ndim == 3 and path.suffix.lower() == ".exr":
        stored = stored[..., 2]  # the first in the file: OpenCV turns colours around
    if stored.ndim != 2:
        raise DataError(
            f"depth {path} holds numbers of shape {list(stored.shape)}: expected one for each pixel, [H, W]. A "
            "picture of depth in colours is no depth: write the distances"
        )
    if stored.dtype.kind not in "fiu" or stored.dtype.itemsize < 2:
        raise DataError(
            f"depth {path} holds numbers of {stored.dtype}: expected 16 bits or more. 8 bits make a picture of depth, "
            "not distances: write PNG of 16 bits, .npy or EXR"
        )
    with np.errstate(over="ignore"):
        depth = stored.astype(np.float32)
    return np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(0))


def check_depth_size(path: Path, size: tuple[int, int]) -> None:
    """Looks at a file's header, where that is enough, for a shape that its image has not.

    Args:
        path: the file.
        size: width and height of the image.

    Raises:
        DataError: the shape is another, or the file is missing or broken.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        found = load_array(path, mapped=True).shape
        found = found[1::-1] if len(found) > 1 else (0, 0)
    elif suffix in (".npz", ".exr"):
        return
    else:
        found = image_size(path)
    _check_shape(path, found, size)


def fitted(depth: NDArray[np.float32], path: Path, size: tuple[int, int]) -> NDArray[np.float32]:
    """Depth at the centres of an image's pixels, float32 [H, W]; nothing is averaged, which would bridge edges.

    Args:
        depth: of any size with the shape of the image.
        path: where it is from.
        size: width and height of the image.

    Raises:
        DataError: the shape is another.
    """
    found = depth.shape[1], depth.shape[0]
    _check_shape(path, found, size)
    x, y = (((np.arange(n) + 0.5) * m / n).astype(int) for n, m in zip(size, found, strict=True))
    return depth[np.ix_(y, x)]


def _stored(path: Path) -> NDArray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return load_array(path)
    if suffix == ".npz":
        arrays = load_arrays(path)
        if not arrays:
            raise DataError(f"depth {path} holds no array: write one with numpy.savez")
        return arrays.get("depth", next(iter(arrays.values())))
    if suffix != ".exr":
        return read_stored(path)
    try:
        with silent():
            found = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    except (cv2.error, OSError) as error:
        raise DataError(
            f"depth {path} cannot be read: {str(error).splitlines()[0]}. Write .npy instead"
        ) from None
    if found is None:
        raise DataError(f"depth {path} is truncated or damaged. Copy or make the file again")
    return found


def _check_shape(path: Path, found: tuple[int, ...], size: tuple[int, int]) -> None:
    if not same_shape((int(found[0]), int(found[1])), size):
        raise DataError(
            f"depth {path} is {found[0]}x{found[1]} pixels, its image {size[0]}x{size[1]}: it may be larger or smaller "
            "but of the same shape. Make it from the image again"
        )
