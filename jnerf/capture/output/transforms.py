"""The scene as ``transforms.json``, which instant-ngp and nerfstudio read.

Its world is placed as the field is: up is +z, what the cameras look at is at the origin, and with instant-ngp's scale
of 0.33 and offset of 0.5 the core fills the unit cube. nerfstudio's ``applied_transform`` and ``applied_scale`` lead to
it from the world of ``sparse/0``: x' = applied_scale * (A x + b).
"""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from jnerf.datasets.arguments import AutoPlacement
from jnerf.datasets.colmap.model import ColmapCamera, SparseModel
from jnerf.datasets.colmap.model.cameras import camera_intrinsics, camera_lens
from jnerf.datasets.colmap.model.extent import box_edge, place_around_points
from jnerf.datasets.pictures.lookup import portable
from jnerf.datasets.placement.similarity import Similarity
from jnerf.files import write_text_atomic

_SCALE, _OFFSET = 0.33, (0.5, 0.5, 0.5)  # instant-ngp's, and those of TransformsDataset
_KEYS = {
    "opencv": ("OPENCV", ("k1", "k2", "k3", "k4", "p1", "p2")),
    "fisheye": ("OPENCV_FISHEYE", ("k1", "k2", "k3", "k4")),
}
_LARGEST_BOX = 128


def json_world(model: SparseModel) -> Similarity:
    """From the model's world to that of transforms.json.

    Raises:
        DataError: the model has no points.
    """
    labels = [image.name for image in model.images]
    automatic = dict(auto_orient=True, auto_centre=True, auto_scale=True)
    core = place_around_points(model, model.images, AutoPlacement(scale=0.5, **automatic), labels)
    return core.then(Similarity(_SCALE, translation=_OFFSET).inverse())


def transforms_of(
    model: SparseModel, world: Similarity, masks: Path | None = None
) -> dict[str, Any] | None:
    """What transforms.json says; None where it has no words for a camera's lens.

    Args:
        model: the sparse model; its images' names start from the folder ``images``.
        world: see :func:`json_world`.
        masks: folder of masks called ``<image>.png``; None for none.
    """
    cameras = {key: _camera(camera) for key, camera in model.cameras.items()}
    used = {image.camera_id for image in model.images}
    if any(cameras[key] is None for key in used):
        return None
    frames = []
    for image in model.images:
        name = PurePosixPath(portable(image.name))
        pose = np.vstack([world.poses(image.c2w), [0, 0, 0, 1]])
        frame = {"file_path": f"images/{name}", "transform_matrix": pose.tolist()}
        if masks is not None and (masks / f"{name}.png").is_file():
            frame["mask_path"] = f"masks/{name}.png"
        if len(used) > 1:
            frame |= cameras[image.camera_id]
        frames.append(frame)
    applied = np.column_stack([world.rotation, world.translation / world.scale])
    field = world.then(Similarity(_SCALE, translation=_OFFSET))
    return {
        **(cameras[next(iter(used))] if len(used) == 1 else {}),
        "aabb_scale": min(
            round(box_edge(field.points(model.points.xyz), model.folder)), _LARGEST_BOX
        ),
        "applied_transform": applied.tolist(),
        "applied_scale": world.scale,
        "ply_file_path": "sparse_pc.ply",
        "frames": frames,
    }


def _camera(camera: ColmapCamera) -> dict[str, Any] | None:
    """A camera in the words of transforms.json; None if it has none for this lens."""
    kind, coefficients = camera_lens(camera)
    fx, fy, cx, cy = camera_intrinsics(camera)
    found = {"w": camera.width, "h": camera.height, "fl_x": fx, "fl_y": fy, "cx": cx, "cy": cy}
    found["camera_angle_x"] = float(2 * np.arctan(0.5 * camera.width / fx))
    found["camera_angle_y"] = float(2 * np.arctan(0.5 * camera.height / fy))
    if kind == "pinhole":
        return found | {"camera_model": "PINHOLE"}
    if kind not in _KEYS:
        return None
    model, names = _KEYS[kind]
    found |= dict(zip(names, coefficients, strict=True), camera_model=model)
    return found | ({"is_fisheye": True} if kind == "fisheye" else {})


def write_transforms(path: Path, values: dict[str, Any]) -> None:
    """Writes transforms.json, whole or not at all."""
    write_text_atomic(path, json.dumps(values, indent=1) + "\n")
