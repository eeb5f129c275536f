"""Tiny scenes in the formats of LLFF, NeuS and NSVF, for tests: views of a ball of radius 1 about the origin."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from scenes import ball_image, ring_poses

SIZE, FOCAL = 16, 22.0
CALIBRATION = np.array([[FOCAL, 0, SIZE / 2], [0, FOCAL, SIZE / 2], [0, 0, 1]])


def write_image(path: Path, image: np.ndarray) -> None:
    """Writes RGBA or grey, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA)
    assert cv2.imwrite(str(path), image)


def facing_poses(n: int, distance: float = 4.0) -> np.ndarray:
    """OpenGL poses side by side that all look along -z at the origin's plane, float64 [N, 4, 4]."""
    poses = np.tile(np.eye(4), (n, 1, 1))
    poses[:, 0, 3] = np.linspace(-0.5, 0.5, n)
    poses[:, 1, 3] = 0.1 * np.cos(np.arange(n))
    poses[:, 2, 3] = distance
    return poses


def make_llff(folder: Path, poses: np.ndarray, downscale: int = 2) -> Path:
    """Writes ``poses_bounds.npy`` for images of twice SIZE, and ``images_<downscale>`` of SIZE; returns the folder."""
    rows = []
    for i, pose in enumerate(poses):
        name = f"images_{downscale}" if downscale > 1 else "images"
        write_image(folder / name / f"v{i:02d}.png", ball_image(pose, SIZE, FOCAL))
        right, up, back, eye = pose[:3].T
        hwf = np.array([SIZE, SIZE, FOCAL]) * 2
        matrix = np.stack([-up, right, back, eye, hwf], axis=1)
        distance = np.linalg.norm(eye)
        rows.append([*matrix.ravel(), distance - 1, distance + 1])
    np.save(folder / "poses_bounds.npy", np.array(rows))
    return folder


SCALE_MAT = np.array([[2.0, 0, 0, 5], [0, 2, 0, -3], [0, 0, 2, 10], [0, 0, 0, 1]])


def opencv_w2c(pose: np.ndarray) -> np.ndarray:
    """OpenGL camera-to-world to OpenCV world-to-camera, [4, 4]."""
    return np.linalg.inv(pose @ np.diag([1.0, -1, -1, 1]))


def make_neus(folder: Path, n: int = 9) -> Path:
    """Writes a scan whose unit sphere is the ball, in a world that SCALE_MAT leads to; returns the folder."""
    arrays = {}
    to_pixels = np.eye(4)
    # The calibration of this format has the first pixel's centre at 0.
    to_pixels[:3, :3] = CALIBRATION - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
    for i, pose in enumerate(ring_poses(n)):
        image = ball_image(pose, SIZE, FOCAL)
        write_image(folder / "mask" / f"{i:03d}.png", image[..., 3])
        image[..., 3] = 255
        write_image(folder / "image" / f"{i:06d}.png", image)
        arrays[f"world_mat_{i}"] = to_pixels @ opencv_w2c(pose) @ np.linalg.inv(SCALE_MAT) * 2
        arrays[f"scale_mat_{i}"] = SCALE_MAT
    np.savez(folder / "cameras_sphere.npz", **arrays)
    return folder


def make_nsvf(folder: Path, n: int = 3, prefixes: str = "012") -> Path:
    """Writes a scene with ``n`` images for each prefix, and a bounding box of edge 2.2; returns the folder."""
    (folder / "pose").mkdir(parents=True)
    for prefix in prefixes:
        for i, pose in enumerate(ring_poses(n, height=1 + 0.5 * int(prefix))):
            name = f"{prefix}_{i:04d}"
            write_image(folder / "rgb" / f"{name}.png", ball_image(pose, SIZE, FOCAL))
            np.savetxt(folder / "pose" / f"{name}.txt", pose @ np.diag([1.0, -1, -1, 1]))
    calibration = np.eye(4)
    calibration[:3, :3] = CALIBRATION
    np.savetxt(folder / "intrinsics.txt", calibration)
    (folder / "bbox.txt").write_text("-1.1 -1.1 -1.1 1.1 1.1 1.1 0.1\n")
    return folder
