"""Reads ``poses_bounds.npy`` of LLFF, and finds the images that belong to it.

A row of 17 numbers for each image, in the order of their names: a 3x5 matrix, row-major, whose columns are the
camera's down, right and backward axes in the world, its position, and (height, width, focal length) in pixels;
then the depths of the nearest and the farthest content that the camera sees, in world units. Where some images were
not reconstructed, ``view_imgs.txt`` beside the file lists those that were, one for each row.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.poses import mended_poses
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.files.array_files import load_array
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.files.text_files import read_text
from jnerf.datasets.pictures.decoding import same_shape
from jnerf.datasets.pictures.formats import is_image
from jnerf.datasets.pictures.image_folder import find_folder, list_images, rescaled
from jnerf.datasets.pictures.lookup import find_named, portable
from jnerf.datasets.placement.outliers import describe, stray_cameras, strays
from jnerf.errors import DataError

_LARGEST = 1e15  # of a number, whose square float32 still holds
_FEW = 0.1  # of the bounds can be strays
_VIEWS = "view_imgs.txt"


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
        labels = [f"{self.path}: row {i}" for i in range(len(paths))]
        said = in_pixels(np.hstack([focal, focal, self.sizes / 2]), self.sizes, labels)
        return rescaled(said, self.sizes, sizes)


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
        if not (np.abs(row) < _LARGEST).all():
            raise DataError(
                f"{path}: row {i} holds NaN or infinity, or numbers beyond {_LARGEST:g}: run LLFF's imgs2poses again"
            )
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
    names = [f"{path}: row {i}" for i in range(len(table))]
    c2w = mended_poses(np.stack([right, -down, back, position], axis=2), names)
    stray = stray_cameras(c2w[:, :, 3])
    if stray.any():  # it would move the average pose, and with it all that is seen
        raise DataError(
            f"{describe(names, c2w, stray)}: its pose is wrong. Remove its image and its row, or make the file again"
        )
    sizes = np.stack([width, height], axis=1)
    return PosesBounds(path, c2w, sizes, focal, _bounds(names, table[:, 15:]))


def _bounds(names: list[str], bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bounds [N, 2]; those far from all others are drawn in, with a warning."""
    near, far = bounds.T
    for values, other, what, end in (
        (near, strays(1 / near, _FEW), "nearest", np.min),
        (far, strays(far, _FEW), "farthest", np.max),
    ):
        if other.any():
            kept = end(values[~other])
            i = int(other.argmax())
            warnings.warn(
                f"{names[i]}: the depth of the {what} content is {values[i]:g}, and that of the others at "
                f"{'least' if what == 'nearest' else 'most'} {kept:g}, which is taken for it and for {other.sum() - 1} "
                "more: a point was triangulated wrongly",
                stacklevel=4,
            )
            values[other] = kept
    return np.stack([near, far], axis=1)


def _load(path: Path) -> NDArray[np.float64]:
    try:
        table = load_array(path)
    except FileNotFoundError:
        raise DataError(
            f"{path} not found. {nearby(path.absolute())} An LLFF scene keeps this file beside its folders of "
            "images; LLFF's imgs2poses makes it"
        ) from None
    if table.ndim != 2 or table.shape[1] != 17 or not len(table):
        shape = list(table.shape)
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
    listed = _listed_images(scene, folder)
    paths = list_images(folder) if listed is None else listed
    if len(paths) != len(scene.c2w):
        raise DataError(
            f"{folder} holds {len(paths)} images, and {scene.path.name} {len(scene.c2w)} poses: rows belong to the "
            "images in the order of their names, so there must be one for each. Restore the missing ones, move away "
            f"those that were not reconstructed, or list those that were in {_VIEWS}, a name a line"
        )
    return paths, factor


def _listed_images(scene: PosesBounds, folder: Path) -> list[Path] | None:
    """The images that ``view_imgs.txt`` lists, in its order, which is that of the rows; None without the file."""
    path = scene.path.parent / _VIEWS
    if not path.is_file():
        return None
    try:
        names = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if len(names) != len(scene.c2w):
        if len(list_images(folder)) == len(scene.c2w):
            warnings.warn(
                f"{path} lists {len(names)} images for {len(scene.c2w)} poses, and is ignored: {folder} holds one for "
                "each",
                stacklevel=4,
            )
            return None
        raise DataError(
            f"{path} lists {len(names)} images, and {scene.path.name} {len(scene.c2w)} poses: there must be one for "
            "each. Make both files again"
        )
    # Smaller copies of the images may be of another kind: images/a.JPG, images_8/a.png.
    found = find_named(str(path), folder, [_plain(name) for name in names])
    missing = [name for name, file in zip(names, found, strict=True) if file is None]
    if missing:
        raise DataError(
            f"{path} lists {len(missing)} images that are not in {folder}, the first of them {missing[0]:.200}. "
            f"{nearby((folder / missing[0]).absolute())} Restore them"
        )
    return found


def _plain(name: str) -> str:
    """An image's name without folders and extension."""
    path = PurePosixPath(PurePosixPath(portable(name)).name)
    return path.stem if is_image(Path(path)) else path.name


def _image_folder(scene: Path, downscale: int) -> tuple[Path, int]:
    for factor in range(downscale, 1, -1):
        smaller = find_folder(scene, f"images_{factor}")
        if smaller is not None:
            return smaller, factor
    originals = find_folder(scene, "images")
    if originals is not None:
        return originals, 1
    raise DataError(
        f"{scene} has no images for downscale={downscale}: expected a folder images_{downscale}, or one of larger "
        f"images to shrink, such as images. {nearby((scene / f'images_{downscale}').absolute())}"
    )
