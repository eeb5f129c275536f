"""Reads ``transforms*.json``: the frames, poses and intrinsics of NeRF's Blender scenes and their kin."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.numbers import is_number
from jnerf.datasets.cameras.poses import mended_poses, pose_rows
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.files.text_files import read_json
from jnerf.datasets.pictures.formats import READ, is_image
from jnerf.datasets.pictures.lookup import find_named, portable
from jnerf.errors import DataError

LARGEST = 1e15  # of a number, whose square float32 still holds
_NAMED = 5  # of missing images
# What can be said in several ways: where a frame says it in one, the file's keys for the others do not count for it.
_ALTERNATIVES = (
    (("fl_x", "fl_y"), ("camera_angle_x", "camera_angle_y"), ("x_fov", "y_fov")),
    (("camera_model",), ("is_fisheye",), ("latlong",)),
)


@dataclass(frozen=True)
class Keys:
    """Keys of a scene file, with a check of their types.

    Attributes:
        label: where they are from, as errors name it: the file, and the frame if it is one.
        values: what the file says; a frame's keys over those of the whole file.
    """

    label: str
    values: Mapping[str, Any]

    def number(self, *keys: str) -> float | None:
        """The first of the keys that is there, as a number; None if none is.

        Raises:
            DataError: the value is no number, or too large for one.
        """
        for key in keys:
            value = self.values.get(key)
            if value is not None:
                if isinstance(value, bool) or not isinstance(value, (int, float)):
                    raise DataError(f"{self.label}: '{key}' must be a number, got {value!r:.80}")
                if not is_number(value) or abs(value) >= LARGEST:
                    raise DataError(
                        f"{self.label}: '{key}' must be finite, below {LARGEST:g}, got {value!r:.80}"
                    )
                return float(value)
        return None

    def flag(self, key: str) -> bool:
        """A key that says yes or no; False if it is not there.

        Raises:
            DataError: the value is neither.
        """
        value = self.values.get(key) or False
        if value not in (False, True):
            raise DataError(f"{self.label}: '{key}' must be true or false, got {value!r:.200}")
        return bool(value)

    def text(self, key: str) -> str | None:
        """A key that holds a word or a path; None if it is not there.

        Raises:
            DataError: the value is no string.
        """
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise DataError(f"{self.label}: '{key}' must be a string, got {value!r:.200}")
        return value


@dataclass(frozen=True)
class Frame(Keys):
    """One posed image of a scene file.

    Attributes:
        name: short name, unique in the file.
        path: the image.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class TransformsFile:
    """A scene file, read and checked.

    Attributes:
        path: the json file.
        frames: N frames, in the file's order.
        c2w: OpenGL camera-to-world poses in world units, float64 [N, 3, 4].
        shared: the keys of the whole file.
        dropped: how many of the file's frames were left out, by reason.
    """

    path: Path
    frames: tuple[Frame, ...]
    c2w: NDArray[np.float64]
    shared: Keys
    dropped: Mapping[str, int] = field(default_factory=dict)

    def select(self, indices: Sequence[int], reason: str) -> TransformsFile:
        """The file with some of its frames, in the order of the indices; ``reason`` is why the others are left out."""
        frames = tuple(self.frames[i] for i in indices)
        dropped = {**self.dropped, reason: len(self.frames) - len(frames)}
        return replace(self, frames=frames, c2w=self.c2w[list(indices)], dropped=dropped)

    @property
    def about(self) -> dict[str, Any]:
        """What a dataset's summary says of it."""
        return {"source": self.path.name, "dropped": dict(self.dropped)}


def read_transforms(path: Path, drop_missing: bool = False) -> TransformsFile:
    """Reads a scene file and checks all that can be checked without decoding an image.

    Args:
        path: the json file.
        drop_missing: leave out frames whose image is not there, with a warning, instead of raising.

    Raises:
        DataError: the file is missing, no json, has no frames, a frame is incomplete, its image is not
            there or its pose is no rigid motion.
    """
    data = _load(path)
    entries = _entries(path, data)
    shared = {key: value for key, value in data.items() if key != "frames"}
    named = [entry["file_path"] for entry in entries]
    found = find_images(path, named)
    files = [
        file or _image_path(path.parent, name) for file, name in zip(found, named, strict=True)
    ]
    names = _short_names(path, files)
    frames, poses = [], []
    for i, entry in enumerate(entries):
        label = f"{path}: frame {i} '{entry['file_path']}'"
        frames.append(Frame(label, _over(entry, shared), names[i], files[i]))
        poses.append(_pose(label, entry.get("transform_matrix")))
    there = _present(path, frames, drop_missing)
    c2w = mended_poses(np.stack(poses), [frame.label for frame in frames])
    return TransformsFile(path, tuple(frames), c2w, Keys(str(path), shared)).select(
        there, "missing"
    )


def _over(entry: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a frame over those of its file."""
    dropped = set()
    for ways in _ALTERNATIVES:
        said = [any(entry.get(key) is not None for key in keys) for keys in ways]
        if any(said):
            others = (keys for keys, here in zip(ways, said, strict=True) if not here)
            dropped.update(key for keys in others for key in keys)
    return {key: value for key, value in shared.items() if key not in dropped} | dict(entry)


def _load(path: Path) -> dict[str, Any]:
    try:
        data = read_json(path)
    except FileNotFoundError:
        raise DataError(
            f"scene file {path} not found. {nearby(path.absolute())} "
            "A Blender scene keeps one transforms_<split>.json per split beside its images"
        ) from None
    except OSError as error:
        raise DataError(f"scene file {path} cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise DataError(
            f"{path}: expected a json object with a list 'frames', found a {type(data).__name__}"
        )
    return data


def _entries(path: Path, data: dict[str, Any]) -> list[dict[str, Any]]:
    """The frames as the file has them, each with a path."""
    entries = data.get("frames")
    if not isinstance(entries, list) or not entries:
        found = "an empty list" if entries == [] else f"keys {', '.join(data) or 'none'}"
        raise DataError(
            f"{path} has no frames: expected a list 'frames' with a file_path and a transform_matrix "
            f"for every image, found {found}. Export the scene again or name another split"
        )
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("file_path"), str):
            raise DataError(
                f"{path}: frame {i} has no 'file_path' (a string), found {entry!r:.200}"
            )
    return entries


def find_images(
    path: Path, names: Sequence[str], others: Collection[Path] = ()
) -> list[Path | None]:
    """The image that each name in a scene file stands for, None where there is none; see ``find_named``.

    Args:
        path: the json file; relative names start from its folder.
        names: N names, whose extension may be left out.
        others: files that only an exact name may mean.
    """
    return find_named(str(path), path.parent, names, others)


def _short_names(path: Path, files: list[Path]) -> list[str]:
    stems = [_strip_suffix(_inside(path.parent, file)) for file in files]
    names = [stem.name for stem in stems]
    if len(set(names)) < len(names):
        names = ["_".join(part for part in stem.parts if part not in "..") for stem in stems]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: two frames name the image '{twice}': remove one of them")
    return names


def _inside(folder: Path, file: Path) -> Path:
    """A file's path below a folder; below the root where it lies elsewhere."""
    return file.relative_to(folder if file.is_relative_to(folder) else file.anchor)


def _strip_suffix(path: Path) -> Path:
    return path.with_suffix("") if is_image(path) else path


def _image_path(folder: Path, name: str) -> Path:
    """The file that a frame would have, where none was found."""
    named = folder / portable(name)
    return named if is_image(named) or not named.name else named.with_name(named.name + READ[0])


def _pose(label: str, matrix: Any) -> NDArray[np.float64]:
    try:
        pose = np.array(matrix, np.float64)
    except (TypeError, ValueError, OverflowError):
        pose = np.empty(0)
    if pose.shape not in ((4, 4), (3, 4)):
        raise DataError(
            f"{label}: 'transform_matrix' must be a 4x4 (or 3x4) matrix of numbers, "
            f"found {matrix!r:.200}"
        )
    return pose_rows(pose, label)


def _present(path: Path, frames: list[Frame], drop_missing: bool) -> list[int]:
    """The frames whose image is there; raises, or warns, if that is not all."""
    there = [i for i, frame in enumerate(frames) if os.path.isfile(frame.path)]
    if len(there) == len(frames):
        return there
    missing = [frame for frame in frames if not os.path.isfile(frame.path)]
    count = f"{len(missing)} of the {len(frames)} images that {path.name} names are"
    names = ", ".join(frame.path.name for frame in missing[:_NAMED])
    names += ", ..." if len(missing) > _NAMED else ""
    if drop_missing and there:
        warnings.warn(f"{path}: {count} missing and left out: {names}", stacklevel=3)
        return there
    listed = f": {names}" if len(missing) > 1 else ""
    raise DataError(
        f"{missing[0].label}: image {missing[0].path} is missing ({count}{listed}). "
        f"{nearby(missing[0].path.absolute())} Restore the files or remove their frames"
    )


def focal_lengths(frame: Frame, width: int, height: int) -> tuple[float, float]:
    """fx, fy in pixels, from ``fl_x, fl_y``, or an angle of view: ``camera_angle_x, _y`` (radians), ``x_fov, y_fov``.

    The latter, instant-ngp's, are in degrees. What is given for one axis only holds for both: pixels are square.

    Args:
        frame: the frame.
        width: of the image that the numbers speak of, pixels.
        height: of that image, pixels.

    Raises:
        DataError: the frame says nothing of its focal length, or an angle is out of (0, pi).
    """
    found = []
    for length_key, angle_key, degrees_key, size in (
        ("fl_x", "camera_angle_x", "x_fov", width),
        ("fl_y", "camera_angle_y", "y_fov", height),
    ):
        length, angle = frame.number(length_key), frame.number(angle_key)
        degrees = frame.number(degrees_key)
        if angle is None and degrees is not None:
            angle_key, angle = f"{degrees_key} in radians", math.radians(degrees)
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
