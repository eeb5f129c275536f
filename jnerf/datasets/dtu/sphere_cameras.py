"""Reads ``cameras_sphere.npz`` (or ``cameras.npz``) of scans in the format of NeuS and IDR.

It holds for every image ``world_mat_<i>``, world to pixels, and ``scale_mat_<i>``, from the space in which the object
lies in the unit sphere to the world; 4x4, in OpenCV's axes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.array_files import load_arrays
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

_FILES = ("cameras_sphere.npz", "cameras.npz")
# What an entry of scale_mat may differ from the nearest rotation's, the scale apart: without a word, and at all.
_EXACT, _MOST_OFF = 5e-5, 0.01


@dataclass(frozen=True, eq=False)
class SphereCameras:
    """The file, read and checked.

    Attributes:
        path: the file.
        projections: world to pixels, homogeneous, float64 [N, 3, 4].
        scale_mat: from the space of the unit sphere to the world, the same for all, float64 [4, 4].
    """

    path: Path
    projections: NDArray[np.float64]
    scale_mat: NDArray[np.float64]

    @property
    def to_sphere(self) -> Similarity:
        """World to the space of the unit sphere.

        Raises:
            DataError: ``scale_mat`` is no similarity.
        """
        scaled = self.scale_mat[:3, :3]
        scale = np.cbrt(np.linalg.det(scaled))
        left, _, right = np.linalg.svd(
            scaled
        )  # the nearest rotation, of float32 or of rounded numbers
        off = np.abs(scaled / scale - left @ right).max() if scale > 0 else np.inf
        if not off < _MOST_OFF:
            raise DataError(
                f"{self.path}: scale_mat_0 must scale all axes alike, and not mirror: {scaled.tolist()}. Make it with "
                "the radius of a sphere around the object"
            )
        if off > _EXACT:
            warnings.warn(
                f"{self.path}: scale_mat_0 is a rotation times {scale:.6g}, to within {off:.2g}: the nearest is used",
                stacklevel=2,
            )
        return Similarity(scale, left @ right, self.scale_mat[:3, 3]).inverse()


def read_sphere_cameras(folder: Path, n_images: int) -> SphereCameras:
    """Reads and checks the file of a scene.

    Args:
        folder: the scene.
        n_images: how many images it has.

    Raises:
        DataError: the file is missing or broken, has another number of cameras than ``n_images``, a matrix is
            missing or unusable, or cameras have different spheres.
    """
    path = next((folder / name for name in _FILES if (folder / name).is_file()), folder / _FILES[0])
    arrays = _load(path)
    count = sum(key.startswith("world_mat_") and key[10:].isdigit() for key in arrays)
    if count != n_images:
        found = ", ".join(sorted(arrays)[:6]) + (" ..." if len(arrays) > 6 else "")
        raise DataError(
            f"{path} holds {count} cameras (world_mat_0, world_mat_1 ...) for {n_images} images: they belong together "
            f"in the order of the images' names, so there must be as many. It holds: {found or 'nothing'}"
        )
    worlds = np.stack([_matrix(path, arrays, f"world_mat_{i}") for i in range(count)])
    scales = np.stack([_matrix(path, arrays, f"scale_mat_{i}") for i in range(count)])
    apart = np.abs(scales - scales[0]).max(axis=(1, 2)) > 1e-4 * np.abs(scales[0]).max()
    if apart.any():
        raise DataError(
            f"{path}: scale_mat_{apart.argmax()} is not scale_mat_0: the cameras of a scene must agree on one "
            "sphere. Normalise the scene again"
        )
    return SphereCameras(path, worlds[:, :3], scales[0])


def _load(path: Path) -> dict[str, NDArray]:
    try:
        return load_arrays(path)
    except FileNotFoundError:
        raise DataError(
            f"{path} not found, nor {_FILES[1]}. {nearby(path.absolute())} A scan in the format of NeuS keeps the "
            "file beside its folders of images and masks"
        ) from None


def _matrix(path: Path, arrays: Mapping[str, NDArray], key: str) -> NDArray[np.float64]:
    if key not in arrays:
        raise DataError(
            f"{path} has no '{key}': every image needs a world_mat_<i> and a scale_mat_<i>, counted from 0. Where "
            "scale_mat is missing, the scene has not been normalised to a unit sphere yet"
        )
    matrix = arrays[key]
    if matrix.shape not in ((4, 4), (3, 4)) or matrix.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: '{key}' must be 4x4 numbers, got {list(matrix.shape)} of {matrix.dtype}"
        )
    if not np.isfinite(matrix).all():
        raise DataError(f"{path}: '{key}' holds NaN or infinity: {matrix.tolist()}")
    full = np.eye(4)
    full[: len(matrix)] = matrix
    return full
