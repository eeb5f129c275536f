"""The embedded scene written out as transforms.json, with one fault on purpose."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import lens_of
from jnerf.datasets.procedural.scene import hemisphere_poses, render_image, still_life

N, SIZE, ANGLE = 14, 200, 0.69
FOCAL = 0.5 * SIZE / np.tan(0.5 * ANGLE)


def embedded_poses(radius: float = 4.0) -> np.ndarray:
    """Poses close enough for matches, OpenGL, float64 [N, 4, 4]."""
    poses = hemisphere_poses(60, radius, (0.3, 0.75), 0.0, (0.0, 0.0, -0.45))
    order = np.argsort(np.linalg.norm(poses[:, :, 3] - poses[20, :, 3], axis=1))[:N]
    whole = np.tile(np.eye(4), (N, 1, 1))
    whole[:, :3] = poses[order]
    return whole


def draw_views(folder: Path, poses: np.ndarray, f: float = FOCAL, bend: float = 0.0) -> None:
    """Draws views over white into ``folder/images``, by a lens with radial distortion ``bend``."""
    n = len(poses)
    lens = lens_of(["opencv"] * n, [[bend, 0, 0, 0, 0, 0]] * n)
    intrinsics = np.tile([f, f, SIZE / 2, SIZE / 2], (n, 1))
    cameras = Cameras(poses[:, :3], intrinsics, np.full((n, 2), SIZE), lens)
    (folder / "images").mkdir(parents=True)
    for i in range(n):
        image = render_image(
            still_life(),
            lambda x, y, i=i: cameras.generate_rays(np.full(len(x), i), x, y),
            SIZE,
            SIZE,
        ).astype(np.float32)
        alpha = image[..., 3:] / 255
        rgb = image[..., 2::-1] * alpha + 255 * (1 - alpha)
        cv2.imwrite(str(folder / "images" / f"v{i:02d}.png"), rgb.astype(np.uint8))


def write_transforms(folder: Path, poses: np.ndarray, **keys: object) -> Path:
    """Writes transforms.json for the views of a folder."""
    frames = [
        {"file_path": f"images/v{i:02d}.png", "transform_matrix": pose.tolist()}
        for i, pose in enumerate(poses)
    ]
    about = {"fl_x": FOCAL, "fl_y": FOCAL, "w": SIZE, "h": SIZE, "aabb_scale": 1, **keys}
    (folder / "transforms.json").write_text(json.dumps({**about, "frames": frames}))
    return folder
