"""Where the depth of a transforms.json scene is: which files say how far what an image shows is.

``depth_file_path`` of a frame (nerfstudio), or ``depth_path`` (instant-ngp). A number of 1 is 0.001 world units, or
what the file's ``integer_depth_scale`` says (instant-ngp).
"""

from __future__ import annotations

from os.path import isfile

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.arguments import DepthImages, SceneFiles
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.pictures.depth_files import check_depth_size
from jnerf.datasets.pictures.depth_maps import DepthMaps
from jnerf.datasets.pictures.lookup import find_named
from jnerf.datasets.transforms.file import TransformsFile
from jnerf.errors import DataError

_KEYS = ("depth_file_path", "depth_path")
_UNIT = 1e-3


def depth_maps(
    scene: TransformsFile,
    how: DepthImages,
    cameras: Cameras,
    scale: float,
    span: tuple[float, float],
    files: SceneFiles,
) -> DepthMaps | None:
    """The depth of the frames; None if it is not asked for, or if test views have none.

    Args:
        scene: N frames.
        how: what is asked for.
        cameras: their cameras, field units.
        scale: field units per world unit.
        span: near and far end of rays, field units.
        files: how much memory depth may take, and what images are called.

    Raises:
        DataError: no frame of training names a file, a file is missing, or of another shape than its image.
    """
    if how.depth is None:
        return None
    named = [next(filter(None, map(frame.text, _KEYS)), None) for frame in scene.frames]
    given = [name for name in named if name]
    if not given and files.split != "train":  # nothing to judge depth by
        return None
    if not given:
        raise DataError(
            f"{scene.path}: dataset.depth is {how.depth!r}, but none of its {len(named)} frames has a {_KEYS[0]!r} (or "
            f"{_KEYS[1]!r}). Name the files there, or set dataset.depth=None"
        )
    folder = scene.path.parent
    images = {frame.path for frame in scene.frames}
    found = dict(zip(given, find_named(str(scene.path), folder, given, images), strict=True))
    missing = [name for name in given if found[name] is None or not isfile(found[name])]
    if missing:
        raise DataError(
            f"{scene.path}: {len(missing)} of the {len(given)} depth files that its frames name are missing, the first "
            f"of them {folder / missing[0]}. Restore them, remove the keys, or set dataset.depth=None"
        )
    paths = [found[name] if name else None for name in named]
    for path, size in zip(paths, cameras.sizes.tolist(), strict=True):
        if path is not None:
            check_depth_size(path, tuple(size))
    unit = (how.depth_unit or scene.shared.number("integer_depth_scale") or _UNIT) * scale

    def lengths(i: int) -> float | NDArray[np.float32]:
        return unit if how.depth == "euclidean" else unit * along_rays(cameras, i)

    eyes = cameras.c2w[:, :, 3].astype(np.float64)
    radius = float(np.linalg.norm(eyes - eyes.mean(axis=0), axis=1).max())
    label = files.label.replace("images", "depth")
    return DepthMaps(paths, cameras.sizes, lengths, label, (*span, radius), files.image_memory)


def along_rays(cameras: Cameras, i: int) -> NDArray[np.float32]:
    """Distance along the ray of each pixel for a distance of 1 along the view axis, [H, W]; 0 behind the camera."""
    width, height = cameras.sizes[i].tolist()
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1)
    local = cameras.local_directions(np.full(x.shape, i), x, y)
    ahead = -local[:, 2]
    lengths = np.linalg.norm(local, axis=1) / np.maximum(ahead, 1e-6) * (ahead > 1e-6)
    return lengths.reshape(height, width).astype(np.float32)
