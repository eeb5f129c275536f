"""nerfstudio's camera paths, ``camera_path.json``.

``camera_path`` is a list with every frame: ``camera_to_world``, 16 numbers row by row, OpenGL, and ``fov``, the
vertical field of view in degrees. ``render_width``, ``render_height``, ``fps`` and ``is_cycle`` are those of the film.
The poses are in the space in which nerfstudio trained, which its ``dataparser_transforms.json`` describes
(``placement.py``). The keyframes of its editor, from which the frames were made, and ``aspect``, which only its
panoramas use, are left out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from jnerf.datasets.cameras.poses import mended_poses
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.fields import Fields
from jnerf.engine.rendering.paths.placement import Elsewhere, nerfstudio_space
from jnerf.errors import DataError

_FPS = 24.0


def read_nerfstudio(fields: Fields, elsewhere: Elsewhere, folder: Path | None) -> CameraPath:
    """The path that a ``camera_path.json`` holds, in world units.

    Args:
        fields: the json.
        elsewhere: how nerfstudio moved the scene.
        folder: where the json lies.

    Raises:
        DataError: something in it is no pinhole camera, or its space is not known.
    """
    kind = fields.values.get("camera_type", "perspective")
    if kind != "perspective":
        raise DataError(
            f"{fields.label}: 'camera_type' is {kind!r}: only 'perspective' can be rendered here"
        )
    entries = fields.items("camera_path")
    matrices = [entry.matrix("camera_to_world", (16,), (4, 4)).reshape(4, 4) for entry in entries]
    space = nerfstudio_space(elsewhere, folder, fields.label)
    c2w = mended_poses(np.stack(matrices)[:, :3], [entry.label for entry in entries])
    c2w = space.inverse().poses(c2w)
    fov = np.array([entry.number("fov") for entry in entries])
    size = fields.size("render_width", "render_height")
    with fields.named():
        fps = fields.positive("fps", _FPS)
        return CameraPath.of_frames(c2w, fov, fps, fields.flag("is_cycle"), size)
