"""instant-ngp's camera paths, ``base_cam.json``.

``path`` is a list of keyframes at even times: ``R``, a quaternion (x, y, z, w), and ``T``, a position, of the camera in
instant-ngp's own space, with the axes x right, y down, z forwards (OpenCV's), and ``fov``, the vertical field of view
in degrees. That space is the world times ``scale`` plus ``offset`` (0.33 and 0.5 unless transforms.json says
otherwise), with the axes cycled: its (x, y, z) are the world's (y, z, x). ``scale``, ``slice``, ``aperture_size`` and
the glow of a keyframe move no camera. ``time`` is where the player stood, not a length.

instant-ngp smooths the keyframes with a B-spline that passes them by; here the path passes through them.
"""

from __future__ import annotations

import numpy as np

from jnerf.engine.rendering.paths import quaternions
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.fields import Fields
from jnerf.engine.rendering.paths.placement import Elsewhere
from jnerf.errors import DataError

#: Seconds from one keyframe to the next: the file does not say.
_STEP = 1.0
_FOV = 50.625  # degrees: instant-ngp's own
# Rows of the world's axes in instant-ngp's: world x is its z, y its x, z its y.
_CYCLE = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
_OPENGL = np.diag([1.0, -1, -1])


def read_instant_ngp(fields: Fields, elsewhere: Elsewhere) -> CameraPath:
    """The path that a ``base_cam.json`` holds, in world units.

    Args:
        fields: the json.
        elsewhere: instant-ngp's scale and offset.

    Raises:
        DataError: something in it is no camera.
    """
    entries = fields.items("path")
    q = np.stack([entry.matrix("R", (4,)) for entry in entries])
    lengths = np.linalg.norm(q, axis=1)
    if (np.abs(lengths - 1) > 1e-2).any():
        i = int(np.abs(lengths - 1).argmax())
        raise DataError(
            f"{entries[i].label}: 'R' must be a unit quaternion (x, y, z, w), got {q[i].tolist()}"
        )
    positions = np.stack([entry.matrix("T", (3,)) for entry in entries])
    c2w = np.empty((len(q), 3, 4))
    c2w[:, :, :3] = _CYCLE @ quaternions.to_matrices(q) @ _OPENGL
    c2w[:, :, 3] = (positions @ _CYCLE.T - elsewhere.ngp_offset) / elsewhere.ngp_scale
    fov = np.array([entry.number("fov", _FOV) for entry in entries])
    with fields.named():
        return CameraPath(c2w, fov, _STEP * np.arange(len(q)), fields.flag("loop"))
