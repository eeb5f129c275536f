"""Camera paths as json files: ours is read and written, those of instant-ngp and nerfstudio are read.

Ours, described in docs/rendering.md:

    {"format": "jnerf camera path", "version": 1,
     "loop": true, "period": 4.0, "fps": 30.0, "width": 1280, "height": 720,
     "keyframes": [{"time": 0.0, "fov": 50.0, "c2w": [[...], [...], [...]]}, ...]}

or, instead of "keyframes", "frames": [{"fov": 50.0, "c2w": ...}, ...], each shown for 1 / fps seconds. Poses are OpenGL
camera-to-world in world units, ``fov`` is vertical, in degrees. Only the poses, times and fields of view are needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.datasets.cameras.poses import mended_poses, pose_rows
from jnerf.datasets.files.text_files import read_json
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.fields import Fields
from jnerf.engine.rendering.paths.instant_ngp import read_instant_ngp
from jnerf.engine.rendering.paths.nerfstudio import read_nerfstudio
from jnerf.engine.rendering.paths.placement import Elsewhere
from jnerf.errors import DataError
from jnerf.files import write_text_atomic

FORMAT, VERSION = "jnerf camera path", 1
_FPS = 30.0


def save_path(file: Path, path: CameraPath) -> None:
    """Writes our json, whole or not at all; what lies there is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    write_text_atomic(file, dumps(path))


def dumps(path: CameraPath) -> str:
    """The text of our json; numbers are read back with the same bits."""
    head: dict[str, Any] = {"format": FORMAT, "version": VERSION, "loop": path.loop}
    if path.period is not None:
        head["period"] = path.period
    if path.fps is not None:
        head["fps"] = path.fps
    if path.size is not None:
        head["width"], head["height"] = path.size
    keyframes = [
        {"time": float(time), "fov": float(fov), "c2w": pose.tolist()}
        for time, fov, pose in zip(path.times, path.fov, path.c2w, strict=True)
    ]
    lines = ",\n  ".join(json.dumps(keyframe) for keyframe in keyframes)
    return json.dumps(head)[:-1] + f', "keyframes": [\n  {lines}\n]}}\n'


def load_path(file: Path, elsewhere: Elsewhere | None = None) -> CameraPath:
    """Reads a camera path of any of the three formats, told apart by their keys.

    Args:
        file: the json file.
        elsewhere: where the spaces of the other programs lie in the world; None for what they do by themselves.

    Raises:
        DataError: the file is missing, no such json, or what it says is no path; names the place.
    """
    return parse_path(load_json(file), str(file), elsewhere or Elsewhere(), file.parent)


def parse_path(
    data: Any, label: str, elsewhere: Elsewhere | None = None, folder: Path | None = None
) -> CameraPath:
    """A camera path from what a json file holds; see :func:`load_path`.

    Args:
        data: the json.
        label: what errors call it.
        elsewhere: see :func:`load_path`.
        folder: where the file lies.
    """
    fields = Fields(label, data)
    elsewhere = elsewhere or Elsewhere()
    if "camera_path" in fields.values:
        return read_nerfstudio(fields, elsewhere, folder)
    if "path" in fields.values:
        return read_instant_ngp(fields, elsewhere)
    if "keyframes" in fields.values or "frames" in fields.values:
        return _ours(fields)
    raise DataError(
        f"{label}: no camera path: expected 'keyframes' or 'frames' (jnerf), 'path' (instant-ngp's base_cam.json) or "
        f"'camera_path' (nerfstudio), found the keys {', '.join(fields.values) or 'none'}"
    )


def _ours(fields: Fields) -> CameraPath:
    version = fields.number("version", VERSION)
    if version != VERSION:
        raise DataError(
            f"{fields.label}: version {version:g} of the format; this jnerf reads version {VERSION}. Update jnerf"
        )
    if "keyframes" in fields.values and "frames" in fields.values:
        raise DataError(f"{fields.label}: give 'keyframes' or 'frames', not both")
    keyed = "keyframes" in fields.values
    entries = fields.items("keyframes" if keyed else "frames")
    labels = [entry.label for entry in entries]
    poses = [pose_rows(entry.matrix("c2w", (3, 4), (4, 4)), entry.label) for entry in entries]
    c2w = mended_poses(np.stack(poses), labels)
    fov = np.array([entry.number("fov") for entry in entries])
    loop, fps = fields.flag("loop"), fields.positive("fps", None)
    size = fields.size("width", "height")
    with fields.named():
        if not keyed:
            return CameraPath.of_frames(c2w, fov, fps or _FPS, loop, size)
        times = np.array([entry.number("time") for entry in entries])
        return CameraPath(c2w, fov, times, loop, fields.positive("period", None), fps, size)


def load_json(file: Path) -> Any:
    """What a json file holds.

    Raises:
        DataError: it is missing, cannot be read, or is no json.
    """
    try:
        return read_json(file)
    except FileNotFoundError:
        raise DataError(f"camera path {file} not found") from None
    except OSError as error:
        raise DataError(f"camera path {file} cannot be read: {error}") from error
