"""The cameras of a scene as ``transforms.json``, which instant-ngp, nerfstudio and ``TransformsDataset`` read."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import EquirectangularLens, LensModel, Pinhole
from jnerf.datasets.cameras.lenses.fisheye import FisheyeLens
from jnerf.datasets.cameras.lenses.mixed import MixedLens
from jnerf.datasets.cameras.lenses.opencv import OpenCVLens
from jnerf.datasets.pictures.headers import image_size
from jnerf.datasets.pictures.orientation import lies_on_its_side
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.errors import ConfigError

_MODELS = {
    Pinhole: "PINHOLE",
    OpenCVLens: "OPENCV",
    FisheyeLens: "OPENCV_FISHEYE",
    EquirectangularLens: "EQUIRECTANGULAR",
}


def transforms(
    splits: Mapping[str, PosedImages], images: Mapping[str, list[Path]], folder: Path
) -> dict[str, Any]:
    """What ``transforms.json`` is to say.

    Poses are OpenGL camera-to-world in world units; intrinsics are of the pictures in the size in which they are
    stored, whatever ``downscale`` made of them, since others read them as they are. Of a scene that is not turned on
    its way into the field, ``scale``, ``offset`` and ``aabb_scale`` say how it is placed there, in instant-ngp's
    meaning.

    Args:
        splits: scenes by the names of their splits.
        images: the picture of each view, by split; of each the header is read.
        folder: of the json file; pictures are named from there.

    Raises:
        ConfigError: a lens that the format cannot describe.
        DataError: a picture is missing or broken.
    """
    frames: list[dict[str, Any]] = []
    names: dict[str, list[str]] = {}
    for split, dataset in splits.items():
        back, names[f"{split}_filenames"] = dataset.transform.inverse(), []
        poses = back.poses(dataset.cameras.c2w)
        for i, path in enumerate(images[split]):
            name = Path(os.path.relpath(path, folder)).as_posix()
            pose = np.vstack([poses[i], [0, 0, 0, 1]]).tolist()
            camera = _camera(dataset.cameras, i, path)
            frame = {"file_path": name, **camera, "transform_matrix": pose}
            frames.append(frame)
            names[f"{split}_filenames"].append(name)
    first = next(iter(splits.values()))
    shared = {
        key: value
        for key, value in frames[0].items()
        if key not in ("file_path", "transform_matrix")
        and all(frame.get(key) == value for frame in frames)
    }
    for frame in frames:
        for key in shared:
            del frame[key]
    listed = names if len(splits) > 1 else {}
    place = _placement(first.transform, first.facts()["aabb"])
    return {**shared, **place, **listed, "frames": frames}


def dumps(values: Mapping[str, Any]) -> str:
    """The text of the json file, a line for each frame."""
    head = json.dumps({key: value for key, value in values.items() if key != "frames"}, indent=2)
    frames = ",\n    ".join(json.dumps(frame) for frame in values["frames"])
    return f'{head[:-2]},\n  "frames": [\n    {frames}\n  ]\n}}\n'


def _camera(cameras: Cameras, i: int, path: Path) -> dict[str, Any]:
    """Intrinsics and lens of one camera whose picture this is."""
    used = tuple(cameras.sizes[i].tolist())
    stored = image_size(path)
    width, height = stored[::-1] if lies_on_its_side(path, stored, used) else stored
    larger = np.array([width, height]) / used
    fx, fy, cx, cy = (cameras.intrinsics[i] * np.tile(larger, 2)).tolist()
    lens: LensModel = cameras.lens
    if isinstance(lens, MixedLens):
        lens = lens.lenses[lens.which[i]]
    model = _MODELS.get(type(lens))
    if model is None:
        raise ConfigError(
            f"{cameras.names[i]}: transforms.json cannot describe a {type(lens).__name__} ({lens.describe(i)}): "
            "undistort the images"
        )
    found: dict[str, Any] = {"camera_model": model, "w": width, "h": height}
    if model != "EQUIRECTANGULAR":
        found |= {"fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy}
    if model in ("OPENCV", "OPENCV_FISHEYE"):
        found |= dict(zip(lens.names, lens.coefficients.values[i].tolist(), strict=True))
    if model == "OPENCV_FISHEYE":
        found["is_fisheye"] = True
    return found


def _placement(world_to_field: Similarity, aabb: Any) -> dict[str, Any]:
    """How instant-ngp and we place the scene in the field; nothing where it is turned, which the keys cannot say."""
    edge = float(np.max(np.asarray(aabb)[3:] - np.asarray(aabb)[:3]))
    found: dict[str, Any] = {"aabb_scale": 2 ** max(0, math.ceil(math.log2(edge) - 1e-6))}
    if np.abs(world_to_field.rotation - np.eye(3)).max() < 1e-9:
        found["scale"] = world_to_field.scale
        found["offset"] = world_to_field.translation.tolist()
    return found
