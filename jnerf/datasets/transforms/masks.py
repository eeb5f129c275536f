"""Where the masks of a transforms.json scene are: which pixels must not become training rays.

For each frame the first of these that there is:

1. ``mask_path`` of the frame (nerfstudio): zero is left out.
2. ``dynamic_mask_<name>.png`` beside the image (instant-ngp): what is *not* zero is left out.
3. ``masks/<path>.png`` in the scene's folder for the image ``images/<path>.jpg``, also as ``masks/<path>.jpg.png``
   (COLMAP's way): zero is left out.
"""

from __future__ import annotations

from pathlib import Path

from jnerf.datasets.pictures.lookup import portable
from jnerf.datasets.pictures.masks import MaskFile
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
    missing = [mask.path for mask in found if mask is not None and not mask.path.is_file()]
    if missing:
        names = ", ".join(path.name for path in missing[:5]) + (", ..." if missing[5:] else "")
        raise DataError(
            f"{scene.path}: {len(missing)} of the masks that its frames name as 'mask_path' are missing: {names}. "
            f"The first should be {missing[0]}: restore them, remove the keys, or set dataset.masks=False"
        )
    if (folder / "masks").is_dir():
        beside = [_in_folder(folder, frame) for frame in scene.frames]
        if not any(beside) and not any(found):
            raise DataError(
                f"{folder / 'masks'} holds a mask for none of the {len(scene.frames)} images: that of "
                f"{scene.frames[0].path.name} would be {scene.frames[0].path.stem}.png. Rename them, or "
                "set dataset.masks=False"
            )
        found = [mask or other for mask, other in zip(found, beside, strict=True)]
    return found if any(found) else None


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
    return MaskFile(path, keeps_zeros=True) if path.is_file() else None


def _in_folder(folder: Path, frame: Frame) -> MaskFile | None:
    try:
        inside = frame.path.relative_to(folder)
    except ValueError:  # the image lies elsewhere
        inside = Path(frame.path.name)
    # The first folder (images, images_4 ...) is replaced by masks; those below it stay.
    below = Path(*inside.parts[1:]) if len(inside.parts) > 1 else inside
    for place in (below, inside, Path(below.name)):
        for name in (f"{place.stem}.png", f"{place.name}.png"):
            path = folder / "masks" / place.with_name(name)
            if path.is_file():
                return MaskFile(path)
    return None
