"""Where the masks of a transforms.json scene are: which pixels must not become training rays.

For each frame the first of these that there is:

1. ``mask_path`` of the frame (nerfstudio): zero is left out.
2. ``dynamic_mask_<name>.png`` beside the image (instant-ngp): what is *not* zero is left out.
3. ``masks/<path>.png`` in the scene's folder for the image ``images/<path>.jpg``, also as ``masks/<path>.jpg.png``
   (COLMAP's way): zero is left out.

Beside all of these, ``fisheye_crop_radius`` (nerfstudio; pixels) leaves out what is farther from the principal point.
"""

from __future__ import annotations

from collections.abc import Sequence
from os.path import isfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.image_circle import ImageCircle
from jnerf.datasets.pictures.image_folder import find_folder
from jnerf.datasets.pictures.lookup import portable
from jnerf.datasets.pictures.masks import AllOf, MaskFile, PixelMask
from jnerf.datasets.transforms.file import Frame, TransformsFile, find_images
from jnerf.errors import DataError


def find_masks(scene: TransformsFile) -> list[MaskFile | None] | None:
    """The mask of each frame, or None for one without; None if there is no mask at all.

    Raises:
        DataError: a mask that a frame names is missing, or none in the folder ``masks`` belongs to an image.
    """
    folder = scene.path.parent
    found = [
        named or _dynamic(frame) for named, frame in zip(_named(scene), scene.frames, strict=True)
    ]
    missing = [mask.path for mask in found if mask is not None and not isfile(mask.path)]
    if missing:
        names = ", ".join(path.name for path in missing[:5]) + (", ..." if missing[5:] else "")
        raise DataError(
            f"{scene.path}: {len(missing)} of the masks that its frames name as 'mask_path' are missing: {names}. "
            f"The first should be {missing[0]}: restore them, remove the keys, or set dataset.masks=False"
        )
    beside_images = find_folder(folder, "masks")
    if beside_images is not None:
        beside = [_in_folder(beside_images, frame) for frame in scene.frames]
        if not any(beside) and not any(found):
            raise DataError(
                f"{beside_images} holds a mask for none of the {len(scene.frames)} images: that of "
                f"{scene.frames[0].path.name} would be {scene.frames[0].path.stem}.png. Rename them, or "
                "set dataset.masks=False"
            )
        found = [mask or other for mask, other in zip(found, beside, strict=True)]
    return found if any(found) else None


def image_circles(
    frames: Sequence[Frame],
    intrinsics: NDArray[np.floating],
    stored: NDArray[np.integer],
    sizes: NDArray[np.integer],
) -> list[ImageCircle | None]:
    """The circle of each frame that ``fisheye_crop_radius`` speaks of, in pixels of images of ``sizes``.

    Args:
        frames: N frames.
        intrinsics: fx, fy, cx, cy of images of ``sizes``, [N, 4].
        stored: width and height of the images on disk, int [N, 2].
        sizes: those that they are resized to, int [N, 2].

    Raises:
        DataError: the radius is not positive.
    """
    circles = []
    widths = zip(stored[:, 0].tolist(), sizes[:, 0].tolist(), strict=True)
    for frame, (_, _, x, y), (found, width) in zip(
        frames, intrinsics.tolist(), widths, strict=True
    ):
        radius = frame.number("fisheye_crop_radius")
        if radius is not None and radius <= 0:
            raise DataError(
                f"{frame.label}: 'fisheye_crop_radius' must be positive (pixels of an image of w x h), got {radius:g}"
            )
        whole = frame.number("w") or found
        circles.append(None if radius is None else ImageCircle(x, y, radius * width / whole))
    return circles


def with_circles(
    masks: Sequence[PixelMask | None] | None, circles: Sequence[ImageCircle | None]
) -> list[PixelMask | None] | None:
    """What the masks and the circles of N images both keep; None if there are neither."""
    joined: list[PixelMask | None] = []
    for i, circle in enumerate(circles):
        mask = masks[i] if masks else None
        parts = tuple(part for part in (mask, circle) if part is not None)
        joined.append(AllOf(parts) if len(parts) > 1 else next(iter(parts), None))
    return joined if any(joined) else None


def _named(scene: TransformsFile) -> list[MaskFile | None]:
    """The masks that frames name; those that are not there as they would be called."""
    names = [frame.text("mask_path") for frame in scene.frames]
    given = [name for name in names if name]
    images = {frame.path for frame in scene.frames}
    files = dict(zip(given, find_images(scene.path, given, images), strict=True))
    folder = scene.path.parent
    return [MaskFile(files[name] or folder / portable(name)) if name else None for name in names]


def _dynamic(frame: Frame) -> MaskFile | None:
    path = frame.path.with_name(f"dynamic_mask_{frame.path.stem}.png")
    return MaskFile(path, keeps_zeros=True) if isfile(path) else None


def _in_folder(masks: Path, frame: Frame) -> MaskFile | None:
    try:
        inside = frame.path.relative_to(masks.parent)
    except ValueError:  # the image lies elsewhere
        inside = Path(frame.path.name)
    # The first folder (images, images_4 ...) is replaced by masks; those below it stay.
    below = Path(*inside.parts[1:]) if len(inside.parts) > 1 else inside
    for place in (below, inside, Path(below.name)):
        for name in (f"{place.stem}.png", f"{place.name}.png"):
            path = masks / place.with_name(name)
            if isfile(path):
                return MaskFile(path)
    return None
