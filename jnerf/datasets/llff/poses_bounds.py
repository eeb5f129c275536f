"""Reads ``poses_bounds.npy`` of LLFF, and finds the images that belong to it.

A row of 17 numbers for each image, in the order of their names: a 3x5 matrix, row-major, whose columns are the
camera's down, right and backward axes in the world, its position, and (height, width, focal length) in pixels;
then the depths of the nearest and the farthest content that the camera sees, in world units.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.poses import mended_poses
from jnerf.datasets.paths import nearby
from jnerf.datasets.pictures.decoding import same_shape
from jnerf.datasets.pictures.image_folder import list_images, rescaled
from jnerf.errors import DataError


@dataclass(frozen=True, eq=False)
class PosesBounds:
    """The file, read and checked.

    Attributes:
        path: the file.
        c2w: OpenGL camera-to-world poses in world units, float64 [N, 3, 4].
        sizes: width, height of the images that ``focal`` speaks of, float64 [N, 2].
        focal: in pixels of these, float64 [N].
        bounds: depths of the nearest and the farthest content, world units, float64 [N, 2].
    """

    path: Path
    c2w: NDArray[np.float64]
    sizes: NDArray[np.float64]
    focal: NDArray[np.float64]
    bounds: NDArray[np.float64]

    def intrinsics(
        self, paths: list[Path], stored: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """fx, fy, cx, cy in pixels of images of ``sizes``, whatever size the file speaks of, float64 [N, 4].

        Args:
            paths: the images.
            stored: their width and height on disk, [N, 2].
            sizes: what they are resized to, [N, 2].

        Raises:
            DataError: an image on disk has another shape than the file says.
        """
        for path, found, said in zip(paths, stored.tolist(), self.sizes.tolist(), strict=True):
            if not same_shape(tuple(found), tuple(said)):
                raise DataError(
                    f"{path} is {found[0]}x{found[1]} pixels, and {self.path.name} speaks of {said[0]:g}x{said[1]:g}: "
                    "images may be larger or smaller than that, but of the same shape. Restore the original images"
                )
        focal = self.focal[:, None]
        return rescaled(np.hstack([focal, focal, self.sizes / 2]), self.sizes, sizes)


def read_poses_bounds(folder: Path) -> PosesBounds:
    """Reads and checks the file of a scene.

    Raises:
        DataError: it is missing, no such table, or a row is unusable.
    """
    path = folder / "poses_bounds.npy"
    table = _load(path)
    matrices = table[:, :15].reshape(-1, 3, 5)
    height, width, focal = matrices[:, :, 4].T
    for i, row in enumerate(table):
        if not np.isfinite(row).all():
            raise DataError(f"{path}: row {i} holds NaN or infinity: run LLFF's imgs2poses again")
        if not (matrices[i, :, 4] > 0).all():
            raise DataError(
                f"{path}: row {i}: height, width and focal length must be positive, got {matrices[i, :, 4].tolist()}"
            )
        if not 0 < row[15] < row[16]:
            raise DataError(
                f"{path}: row {i}: 0 < near < far must hold of its bounds, got {row[15]:g} and {row[16]:g}: the image "
                "sees no point of the reconstruction, or points behind it. Remove it and make the file again"
            )
    down, right, back, position = (matrices[:, :, k] for k in range(4))
    c2w = np.stack([right, -down, back, position], axis=2)
    names = [f"{path}: row {i}" for i in range(len(table))]
    sizes = np.stack([width, height], axis=1)
    return PosesBounds(path, mended_poses(c2w, names), sizes, focal, table[:, 15:])


def _load(path: Path) -> NDArray[np.float64]:
    try:
        table = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(
            f"{path} not found. {nearby(path.absolute())} An LLFF scene keeps this file beside its folders of "
            "images; LLFF's imgs2poses makes it"
        ) from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read: {error}. Copy or make the file again") from None
    if (
        not isinstance(table, np.ndarray)
        or table.ndim != 2
        or table.shape[1] != 17
        or not len(table)
    ):
        shape = list(table.shape) if isinstance(table, np.ndarray) else type(table).__name__
        raise DataError(f"{path}: expected a table [N, 17] of numbers with N >= 1, found {shape}")
    if table.dtype.kind not in "fiu":
        raise DataError(f"{path}: expected numbers, found {table.dtype}")
    return table.astype(np.float64)


def find_images(scene: PosesBounds, downscale: int) -> tuple[list[Path], int]:
    """The images to read: those of the smallest stored size that is not below the asked one.

    Args:
        scene: the scene.
        downscale: how many times smaller than the originals the images shall be.

    Returns:
        The files, one for each pose, and how many times smaller than the originals they are.

    Raises:
        DataError: there are none, or not as many as poses.
    """
    folder, factor = _image_folder(scene.path.parent, downscale)
    paths = list_images(folder)
    if len(paths) != len(scene.c2w):
        raise DataError(
            f"{folder} holds {len(paths)} images, and {scene.path.name} {len(scene.c2w)} poses: rows belong to the "
            "images in the order of their names, so there must be one for each. Restore the missing ones, or move away "
            "those that were not reconstructed"
        )
    return paths, factor


def _image_folder(scene: Path, downscale: int) -> tuple[Path, int]:
    for factor in range(downscale, 1, -1):
        if (scene / f"images_{factor}").is_dir():
            return scene / f"images_{factor}", factor
    if (scene / "images").is_dir():
        return scene / "images", 1
    raise DataError(
        f"{scene} has no images for downscale={downscale}: expected a folder images_{downscale}, or one of larger "
        f"images to shrink, such as images. {nearby((scene / f'images_{downscale}').absolute())}"
    )
