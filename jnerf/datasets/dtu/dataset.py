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

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.dtu.projection_matrices import decompose
from jnerf.datasets.dtu.sphere_cameras import read_sphere_cameras
from jnerf.datasets.paths import nearby, scene_folder
from jnerf.datasets.pictures.alpha_images import AlphaImages, mask_as_alpha
from jnerf.datasets.pictures.image_folder import (
    Split,
    find_folder,
    held_out,
    image_sizes,
    list_images,
    rescaled,
)
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.placement.box import cube
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
        root: the scene's folder; relative paths start from $JNERF_DATA, else ./data, else ../shared/data.
        split: train, val or test; the latter two are the same.
        seed: the run's seed.
        masks: "alpha": masks are the images' alpha, so that all around the object is empty; "rays": pixels outside
            them never become training rays; "ignore": the images as they are.
        holdout: every how many-th image is held out from training, the first one included; 0: every split has all
            images, as NeuS has it.
        radius: of the object's sphere, field units.
        aabb_scale: edge of the field's box, which is centred at (0.5, 0.5, 0.5).
        downscale: images are this many times smaller than those on disk, rounded to whole pixels.
        pixel_centre: where ``world_mat`` sees the centre of the first pixel: 0 in the code of NeuS and IDR, 0.5 where
            images span [0, width], 1 where pixels are counted from 1.
        image_memory: the most memory for decoded images, GiB; more is kept in a file on disk. None is half of
            what is free.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    def __init__(
        self,
        root: str,
        split: Split = "train",
        seed: int = 0,
        masks: Literal["alpha", "rays", "ignore"] = "alpha",
        holdout: int = 8,
        radius: float = 0.5,
        aabb_scale: float = 1.0,
        downscale: int = 1,
        pixel_centre: float = 0.0,
        image_memory: float | None = None,
    ) -> None:
        _check_arguments(masks, radius, aabb_scale, downscale)
        folder = scene_folder(root)
        paths = list_images(find_folder(folder, "image", "images") or folder / "image")
        scene = read_sphere_cameras(folder, len(paths))
        stored, sizes = image_sizes(paths, downscale)
        views = [
            decompose(p, tuple(stored[i].tolist()), f"{scene.path}: world_mat_{i}")
            for i, p in enumerate(scene.projections)
        ]
        # Ours lies at 0.5; see cameras/cameras.py.
        intrinsics = np.stack([k for k, _ in views]) + [
            0,
            0,
            0.5 - pixel_centre,
            0.5 - pixel_centre,
        ]
        transform = scene.to_sphere.then(Similarity(radius, translation=(0.5, 0.5, 0.5)))
        poses = transform.poses(np.stack([pose for _, pose in views]))
        names = [path.stem for path in paths]
        everyone = Cameras(poses, rescaled(intrinsics, stored, sizes), sizes, names=names)
        near, far = _sphere_bounds(poses[:, :, 3], max(radius, 0.5 * aabb_scale))
        chosen = held_out(len(paths), holdout, split)
        images = _images(folder, paths, sizes, masks, chosen, split, image_memory)
        cameras = Cameras(
            poses[chosen],
            everyone.intrinsics[chosen],
            sizes[chosen],
            names=[names[i] for i in chosen],
        )
        super().__init__(cameras, images, transform, cube(aabb_scale), near, far, split, seed)
        self.scale_mat = scene.scale_mat
        self.sphere = np.full(3, 0.5), float(radius)


def _check_arguments(masks: str, radius: float, aabb_scale: float, downscale: int) -> None:
    if masks not in _MASKS:
        raise ConfigError(f"masks must be {', '.join(_MASKS[:-1])} or {_MASKS[-1]}, got '{masks}'")
    for name, value in (("radius", radius), ("aabb_scale", aabb_scale)):
        if not value > 0:
            raise ConfigError(f"{name} must be positive, got {value}")
    if downscale < 1:
        raise ConfigError(f"downscale must be 1 or more, got {downscale}")


def _sphere_bounds(eyes: NDArray[np.float64], radius: float) -> tuple[float, float]:
    """Nearest and farthest distance from cameras [N, 3] to a sphere about the middle of the box."""
    distances = np.linalg.norm(eyes - 0.5, axis=1)
    return max(0.0, float(distances.min()) - radius), float(distances.max()) + radius


def _images(
    folder: Path,
    paths: list[Path],
    sizes: NDArray[np.int64],
    masks: str,
    chosen: NDArray[np.int64],
    split: str,
    image_memory: float | None,
) -> ImageFiles:
    label = f"decoding {split} images"
    files = [paths[i] for i in chosen]
    # Masks that say which rays to train on say nothing of test views: these are compared whole.
    if masks == "ignore" or (masks == "rays" and split != "train"):
        return ImageFiles(files, sizes[chosen], label=label, resize=True, max_gib=image_memory)
    found = _find_masks(folder, len(paths))
    of_files = [found[i] for i in chosen]
    if masks == "alpha":
        return AlphaImages(files, sizes[chosen], mask_as_alpha(of_files), label, image_memory)
    return ImageFiles(
        files, sizes[chosen], label=label, masks=of_files, resize=True, max_gib=image_memory
    )


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
    return found
