"""Tiny scenes for tests."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np


def ring_poses(n: int, radius: float = 4.0, height: float = 1.0) -> np.ndarray:
    """OpenGL poses on a ring about the z axis that look at the origin, float64 [N, 4, 4]."""
    angle = 2 * np.pi * np.arange(n) / n + 0.3
    eye = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(n, height)], axis=1)
    backward = eye / np.linalg.norm(eye, axis=1, keepdims=True)
    right = np.cross((0.0, 0.0, 1.0), backward)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    poses = np.tile(np.eye(4), (n, 1, 1))
    poses[:, :3] = np.stack([right, np.cross(backward, right), backward, eye], axis=2)
    return poses


def ball_image(pose: np.ndarray, size: int, focal: float) -> np.ndarray:
    """A ball of radius 1 at the origin, coloured by its normal, straight RGBA uint8 [size, size, 4]."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    local = np.stack([(x - size / 2) / focal, (size / 2 - y) / focal, -np.ones_like(x)], axis=-1)
    d = local @ pose[:3, :3].T
    d /= np.linalg.norm(d, axis=-1, keepdims=True)
    o = pose[:3, 3]
    t_mid = -(d @ o)
    gap = 1 - ((o + t_mid[..., None] * d) ** 2).sum(-1)
    point = o + (t_mid - np.sqrt(np.maximum(gap, 0)))[..., None] * d
    image = np.zeros((size, size, 4))
    image[gap > 0, :3] = 0.5 + 0.5 * point[gap > 0]
    image[gap > 0, 3] = 1
    return (image.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def ball_depth(pose: np.ndarray, size: int, focal: float) -> np.ndarray:
    """How far along the view axis that ball is, float64 [size, size]; 0 where it is not."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    local = np.stack([(x - size / 2) / focal, (size / 2 - y) / focal, -np.ones_like(x)], axis=-1)
    d, o = local @ pose[:3, :3].T, pose[:3, 3]
    a, b, c = (d * d).sum(-1), (d @ o), o @ o - 1
    root = b * b - a * c
    return np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, 0)


def make_tiny_blender(path: Path, n: int = 4, size: int = 16, depth: bool = False) -> Path:
    """Writes a Blender scene of a ball, with splits train, val and test of ``n`` images each.

    Args:
        path: folder to make.
        n: images per split.
        size: their width and height.
        depth: write depth, too, in thousandths: ``depth/<split>_<i>.png``.

    Returns:
        The folder.
    """
    angle = 0.7
    focal = 0.5 * size / np.tan(0.5 * angle)
    for k, split in enumerate(("train", "val", "test")):
        (path / split).mkdir(parents=True, exist_ok=True)
        frames = []
        for i, pose in enumerate(ring_poses(n, height=1.0 + 0.5 * k)):
            image = ball_image(pose, size, focal)
            cv2.imwrite(str(path / split / f"r_{i}.png"), cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))
            frames.append({"file_path": f"./{split}/r_{i}", "transform_matrix": pose.tolist()})
            if depth:
                (path / "depth").mkdir(exist_ok=True)
                frames[-1]["depth_file_path"] = f"depth/{split}_{i}.png"
                stored = np.rint(1000 * ball_depth(pose, size, focal)).astype(np.uint16)
                cv2.imwrite(str(path / f"depth/{split}_{i}.png"), stored)
        text = json.dumps({"camera_angle_x": angle, "frames": frames}, indent=1)
        (path / f"transforms_{split}.json").write_text(text)
    return path
