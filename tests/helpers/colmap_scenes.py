"""Tiny COLMAP models for tests, written from poses the way COLMAP's format page describes them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scenes import ball_image, ring_poses

#: COLMAP's numbers of the models that tests write.
NUMBERS = {"SIMPLE_PINHOLE": 0, "PINHOLE": 1, "SIMPLE_RADIAL": 2, "OPENCV": 4, "FOV": 7}


@dataclass
class Model:
    """What the three files will say; tests change it before they write it.

    Attributes:
        cameras: id to (model, width, height, params).
        images: (name, camera id, OpenGL pose [4, 4], ids of its points; -1 is a feature without one).
        points: id to position.
    """

    cameras: dict[int, tuple] = field(default_factory=dict)
    images: list[tuple] = field(default_factory=list)
    points: dict[int, np.ndarray] = field(default_factory=dict)


def tiny_model(n: int = 9, size: int = 16) -> Model:
    """``n`` cameras around a ball of radius 1 at the origin, each of which sees the points of its side."""
    focal = 0.5 * size / np.tan(0.35)
    points = np.random.default_rng(0).normal(size=(120, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    model = Model({3: ("SIMPLE_PINHOLE", size, size, (focal, size / 2, size / 2))})
    model.points = {7 * i + 2: point for i, point in enumerate(points)}
    ids = np.array(list(model.points))
    for i, pose in enumerate(ring_poses(n)):
        near = (points @ pose[:3, 3]) > 1
        model.images.append((f"view_{i}.png", 3, pose, [-1, *ids[near].tolist(), -1]))
    return model


def write_scene(
    path: Path, model: Model | None = None, suffix: str = ".txt", sparse: str = "sparse/0"
) -> Path:
    """Writes the model, and an image of the ball for each of its images, into the folder ``path``."""
    model = model or tiny_model()
    write_images(path / "images", model)
    write_model(path / sparse, model, suffix)
    return path


def write_images(folder: Path, model: Model, scale: int = 1) -> None:
    """Images of the ball, ``scale`` times the size that the model says."""
    for name, camera, pose, _ in model.images:
        _, width, _, params = model.cameras[camera]
        image = ball_image(pose, width * scale, params[0] * scale)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))


def write_model(folder: Path, model: Model, suffix: str) -> None:
    """The three files, as text or binary."""
    folder.mkdir(parents=True, exist_ok=True)
    write = _write_text if suffix == ".txt" else _write_binary
    for stem, content in write(model).items():
        (folder / (stem + suffix)).write_bytes(content)


def pose_numbers(pose: np.ndarray) -> list[float]:
    """Quaternion w x y z and translation, world to camera, of an OpenGL camera-to-world pose."""
    w2c = np.linalg.inv(pose @ np.diag([1, -1, -1, 1]))
    turn = cv2.Rodrigues(w2c[:3, :3])[0][:, 0]
    angle = np.linalg.norm(turn)
    axis = turn / max(angle, 1e-12)
    return [np.cos(angle / 2), *(np.sin(angle / 2) * axis), *w2c[:3, 3]]


def _seen_at(model: Model, camera: int, pose: np.ndarray, ids: list[int]) -> list[list[float]]:
    """Where an image sees its points, by a pinhole; features without one are at (1.5, 2.5)."""
    name, *_, params = model.cameras.get(camera, next(iter(model.cameras.values())))
    fx, fy, cx, cy = (params[0], *params[:3]) if name.startswith("SIMPLE") else params[:4]
    found = np.full((len(ids), 2), (1.5, 2.5))
    for row, key in zip(found, ids, strict=True):
        point = np.asarray(model.points.get(key, np.inf), float)
        if np.isfinite(point).all():
            local = (point - pose[:3, 3]) @ pose[:3, :3]
            row[:] = cx - fx * local[0] / local[2], cy + fy * local[1] / local[2]
    return found.tolist()


def _write_text(model: Model) -> dict[str, bytes]:
    def joined(*parts) -> str:
        return " ".join(str(x) for part in parts for x in np.ravel(part).tolist())

    cameras = ["# CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]"]
    cameras += [joined(key, *camera) for key, camera in model.cameras.items()]
    images = ["# two lines per image"]
    for i, (name, camera, pose, ids) in enumerate(model.images):
        images += [joined(i + 1, pose_numbers(pose), camera) + f" {name}"]
        seen = zip(_seen_at(model, camera, pose, ids), ids, strict=True)
        images += [" ".join(f"{x} {y} {key}" for (x, y), key in seen)]
    points = [joined(k, xyz, [9, 9, 9, 0.5], [1, 0]) for k, xyz in model.points.items()]
    files = {"cameras": cameras, "images": images, "points3D": points}
    return {stem: ("\n".join(lines) + "\n").encode() for stem, lines in files.items()}


def _write_binary(model: Model) -> dict[str, bytes]:
    cameras = struct.pack("<Q", len(model.cameras))
    for key, (name, width, height, params) in model.cameras.items():
        cameras += struct.pack("<iiQQ", key, NUMBERS[name], width, height)
        cameras += struct.pack(f"<{len(params)}d", *params)
    images = struct.pack("<Q", len(model.images))
    for i, (name, camera, pose, ids) in enumerate(model.images):
        images += struct.pack("<i7di", i + 1, *pose_numbers(pose), camera)
        images += name.encode() + b"\0" + struct.pack("<Q", len(ids))
        seen = zip(_seen_at(model, camera, pose, ids), ids, strict=True)
        images += b"".join(struct.pack("<ddq", *xy, key) for xy, key in seen)
    points = struct.pack("<Q", len(model.points))
    for key, xyz in model.points.items():
        points += struct.pack("<Q3d3Bd", key, *xyz, 9, 9, 9, 0.5)
        points += struct.pack("<Qii", 1, 1, 0)
    return {"cameras": cameras, "images": images, "points3D": points}
