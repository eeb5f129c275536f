"""Reads ``transforms*.json``: the frames, poses and intrinsics of NeRF's Blender scenes and their kin."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras import check_poses
from jnerf.datasets.paths import nearby
from jnerf.errors import DataError

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Frame:
    """One posed image of a scene file.

    Attributes:
        label: file and frame, as errors name it.
        name: short name, unique in the file.
        path: the image.
        values: the frame's keys over those of the whole file.
    """

    label: str
    name: str
    path: Path
    values: Mapping[str, Any]

    def number(self, *keys: str) -> float | None:
        """The first of the keys that is there, as a number; None if none is.

        Raises:
            DataError: the value is no number.
        """
        for key in keys:
            value = self.values.get(key)
            if value is not None:
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise DataError(f"{self.label}: '{key}' must be a number, got {value!r}")
                return float(value)
        return None


@dataclass(frozen=True)
class TransformsFile:
    """A scene file, read and checked.

    Attributes:
        path: the json file.
        frames: N frames, in the file's order.
        c2w: OpenGL camera-to-world poses in world units, float64 [N, 3, 4].
    """

    path: Path
    frames: tuple[Frame, ...]
    c2w: NDArray[np.float64]


def read_transforms(path: Path) -> TransformsFile:
    """Reads a scene file and checks all that can be checked without decoding an image.

    Raises:
        DataError: the file is missing, no json, has no frames, a frame is incomplete, its image is not
            there or its pose is no rigid motion.
    """
    data = _load(path)
    entries = data.get("frames")
    if not isinstance(entries, list) or not entries:
        found = "an empty list" if entries == [] else f"keys {', '.join(data) or 'none'}"
        raise DataError(
            f"{path} has no frames: expected a list 'frames' with a file_path and a transform_matrix "
            f"for every image, found {found}. Export the scene again or name another split"
        )
    shared = {key: value for key, value in data.items() if key != "frames"}
    names = _short_names(path, entries)
    frames, poses = [], []
    for i, entry in enumerate(entries):
        label = f"{path}: frame {i} '{entry['file_path']}'"
        image = _image_path(path.parent, entry["file_path"])
        frames.append(Frame(label, names[i], image, {**shared, **entry}))
        poses.append(_pose(label, entry.get("transform_matrix")))
    _check_present(path, frames)
    return TransformsFile(
        path, tuple(frames), check_poses(np.stack(poses), [frame.label for frame in frames])
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"scene file {path} not found. {nearby(path.absolute())} "
            "A Blender scene keeps one transforms_<split>.json per split beside its images"
        ) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path}:{error.lineno}:{error.colno}: not valid json: {error.msg}. The file may be "
            "truncated: copy or export it again"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"scene file {path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise DataError(
            f"{path}: expected a json object with a list 'frames', found a {type(data).__name__}"
        )
    return data


def _short_names(path: Path, entries: list[Any]) -> list[str]:
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("file_path"), str):
            raise DataError(
                f"{path}: frame {i} has no 'file_path' (a string), found {entry!r:.200}"
            )
    stems = [_strip_suffix(Path(entry["file_path"])) for entry in entries]
    names = [stem.name for stem in stems]
    if len(set(names)) < len(names):
        names = ["_".join(part for part in stem.parts if part not in "..") for stem in stems]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two frames name the image '{twice}': remove one of them")
    return names


def _strip_suffix(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() in _SUFFIXES else path


def _image_path(folder: Path, name: str) -> Path:
    """The file a frame names; the extension may be left out. If there is none, the first candidate."""
    named = folder / name
    if named.suffix.lower() in _SUFFIXES:
        return named
    candidates = [named.with_name(named.name + suffix) for suffix in _SUFFIXES]
    return next((path for path in candidates if path.is_file()), candidates[0])


def _pose(label: str, matrix: Any) -> NDArray[np.float64]:
    try:
        pose = np.array(matrix, np.float64)
    except (TypeError, ValueError):
        pose = np.empty(0)
    if pose.shape not in ((4, 4), (3, 4)):
        raise DataError(
            f"{label}: 'transform_matrix' must be a 4x4 (or 3x4) matrix of numbers, "
            f"found {matrix!r:.200}"
        )
    return pose[:3]


def _check_present(path: Path, frames: list[Frame]) -> None:
    missing = [frame for frame in frames if not frame.path.is_file()]
    if missing:
        raise DataError(
            f"{missing[0].label}: image {missing[0].path} is missing ({len(missing)} of the "
            f"{len(frames)} images that {path.name} names are). {nearby(missing[0].path.absolute())} "
            "Restore the files or remove their frames"
        )


def focal_lengths(frame: Frame, width: int, height: int) -> tuple[float, float]:
    """fx, fy in pixels, from ``fl_x, fl_y``, or the angles ``camera_angle_x, camera_angle_y`` in radians.

    What is given for one axis only holds for both: pixels are square.

    Args:
        frame: the frame.
        width: of the image that the numbers speak of, pixels.
        height: of that image, pixels.

    Raises:
        DataError: the frame says nothing of its focal length, or an angle is out of (0, pi).
    """
    found = []
    for length_key, angle_key, size in (
        ("fl_x", "camera_angle_x", width),
        ("fl_y", "camera_angle_y", height),
    ):
        length, angle = frame.number(length_key), frame.number(angle_key)
        if length is None and angle is not None:
            if not 0 < angle < math.pi:
                raise DataError(f"{frame.label}: '{angle_key}' must be in (0, pi), got {angle}")
            length = 0.5 * size / math.tan(0.5 * angle)
        found.append(length)
    fx, fy = found
    if fx is None and fy is None:
        raise DataError(
            f"{frame.label}: no focal length: expected camera_angle_x (radians) or fl_x (pixels), "
            f"found {', '.join(key for key in frame.values if key != 'transform_matrix')}"
        )
    return (fy if fx is None else fx), (fx if fy is None else fy)
