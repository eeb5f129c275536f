"""Scans in the format of NeuS and IDR: projection matrices, images and masks of one object in a unit sphere.

Wang et al. 2021, https://arxiv.org/abs/2106.10689; Yariv et al. 2020, https://arxiv.org/abs/2003.09852; the scans are
DTU's (Jensen et al. 2014). Matrices are described in ``sphere_cameras.py``. Images lie in ``image`` or ``images``,
masks in ``mask`` or ``masks``, in the same order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Box, CaptureFiles, Learned
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.dtu.projection_matrices import decompose
from jnerf.datasets.dtu.sphere_cameras import read_sphere_cameras
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.alpha_images import AlphaImages, mask_as_alpha
from jnerf.datasets.pictures.headers import check_masks
from jnerf.datasets.pictures.image_folder import (
    find_folder,
    held_out,
    image_sizes,
    list_images,
    rescaled,
)
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.placement.box import check_reach
from jnerf.datasets.placement.outliers import stray_cameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_MASKS = ("alpha", "rays", "ignore")


@DATASETS.register()
class DTUDataset(PosedImages):
    """A scan in the format of NeuS.

    The unit sphere of the object becomes a sphere about (0.5, 0.5, 0.5). ``transform`` leads from the world of
    ``world_mat`` to the field, so that what is exported through its inverse is in the scan's own units (DTU:
    millimetres); ``scale_mat`` stays at hand, float64 [4, 4], and so does ``sphere``, (centre, radius), field units.

    Args:
        files: see ``CaptureFiles``; NeuS has ``holdout=0``.
        box: see ``Box``.
        learned: see ``Learned``.
        radius: of the object's sphere, field units.
        masks: "alpha": masks are the images' alpha, so that all around the object is empty; "rays": pixels outside
            them never become training rays; "ignore": the images as they are.
        pixel_centre: where ``world_mat`` sees the centre of the first pixel: 0 in the code of NeuS and IDR, 0.5 where
            images span [0, width], 1 where pixels are counted from 1.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scan is missing, broken or contradicts itself.
    """

    @flat_arguments()
    def __init__(
        self,
        files: CaptureFiles,
        box: Box,
        learned: Learned,
        radius: float = 0.5,
        masks: Literal["alpha", "rays", "ignore"] = "alpha",
        pixel_centre: float = 0.0,
    ) -> None:
        _check_arguments(masks, radius)
        folder = files.folder
        paths = list_images(find_folder(folder, "image", "images") or folder / "image")
        scene = read_sphere_cameras(folder, len(paths))
        stored, sizes = image_sizes(paths, files.downscale)
        labels = [f"{scene.path}: world_mat_{i}" for i in range(len(paths))]
        views = [
            decompose(p, tuple(stored[i].tolist()), labels[i])
            for i, p in enumerate(scene.projections)
        ]
        # Ours lies at 0.5; see cameras/cameras.py.
        intrinsics = np.stack([k for k, _ in views]) + [
            0,
            0,
            0.5 - pixel_centre,
            0.5 - pixel_centre,
        ]
        intrinsics = in_pixels(intrinsics, stored, labels)
        transform = scene.to_sphere.then(Similarity(radius, translation=(0.5, 0.5, 0.5)))
        poses = transform.poses(np.stack([pose for _, pose in views]))
        names = [path.stem for path in paths]
        everyone = Cameras(poses, rescaled(intrinsics, stored, sizes), sizes, names=names)
        near, far = _sphere_bounds(poses[:, :, 3], max(radius, 0.5 * box.aabb_scale))
        # Rays end behind the box as the others see it, so that only a stray one can be refused.
        remedy = f"{scene.path.name} puts it away from the others"
        check_reach(labels, poses[:, :, 3], box.aabb, far, remedy)
        chosen = held_out(len(paths), files.holdout, files.split)
        images = _images(files, paths, sizes, masks, chosen)
        cameras = Cameras(
            poses[chosen],
            everyone.intrinsics[chosen],
            sizes[chosen],
            names=[names[i] for i in chosen],
        )
        about = {
            "source": scene.path.name,
            "n_masks": 0 if masks == "ignore" else len(chosen),
            "dropped": {"in other splits": len(paths) - len(chosen)},
        }
        where = transform, box.aabb, near, far
        how = {"about": about, "learned": learned}
        super().__init__(cameras, images, *where, files.split, files.seed, **how)
        self.scale_mat = scene.scale_mat
        self.sphere = np.full(3, 0.5), float(radius)


def _check_arguments(masks: str, radius: float) -> None:
    if masks not in _MASKS:
        raise ConfigError(f"masks must be {', '.join(_MASKS[:-1])} or {_MASKS[-1]}, got '{masks}'")
    if not radius > 0:
        raise ConfigError(f"radius must be positive, got {radius}")


def _sphere_bounds(eyes: NDArray[np.float64], radius: float) -> tuple[float, float]:
    """Nearest and farthest distance from cameras [N, 3] to a sphere about the middle of the box."""
    distances = np.linalg.norm(eyes[~stray_cameras(eyes)] - 0.5, axis=1)
    return max(0.0, float(distances.min()) - radius), float(distances.max()) + radius


def _images(
    files: CaptureFiles,
    paths: list[Path],
    sizes: NDArray[np.int64],
    masks: str,
    chosen: NDArray[np.int64],
) -> ImageFiles:
    images = [paths[i] for i in chosen]
    # Masks that say which rays to train on say nothing of test views: these are compared whole.
    if masks == "ignore" or (masks == "rays" and files.split != "train"):
        return files.photographs(images, sizes[chosen])
    found = _find_masks(files.folder, len(paths))
    of_images = [found[i] for i in chosen]
    if masks == "alpha":
        alpha = mask_as_alpha(of_images)
        return AlphaImages(images, sizes[chosen], alpha, files.label, files.image_memory)
    return files.photographs(images, sizes[chosen], of_images)


def _find_masks(folder: Path, n_images: int) -> list[Path]:
    where = find_folder(folder, "mask", "masks")
    if where is None:
        raise DataError(
            f"{folder} has no folder mask or masks. {nearby((folder / 'mask').absolute())} Add the masks, or set "
            "dataset.masks to 'ignore'"
        )
    found = list_images(where)
    if len(found) != n_images:
        raise DataError(
            f"{where} holds {len(found)} masks for {n_images} images: they belong together in the order of their "
            "names, so there must be as many. Restore the missing ones, or set dataset.masks to 'ignore'"
        )
    check_masks(found)
    return found
