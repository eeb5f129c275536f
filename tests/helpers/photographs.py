"""Tiny scenes in the format of instant-ngp and nerfstudio, for tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from scenes import ball_image, ring_poses

from jnerf.datasets.transforms.dataset import TransformsDataset

SIZE, FOCAL = 16, 22.0
INTRINSICS = {"fl_x": FOCAL, "fl_y": 21.0, "cx": 8.5, "cy": 7.5, "w": SIZE, "h": SIZE}


def make_photographs(folder: Path, n: int = 9) -> Path:
    """Writes ``images/NNNN.png``, ``n`` views of a ball, and one transforms.json; returns the folder."""
    (folder / "images").mkdir(parents=True)
    frames = []
    for i, pose in enumerate(ring_poses(n)):
        path = folder / "images" / f"{i:04d}.png"
        image = ball_image(pose, SIZE, FOCAL)
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))
        frames.append({"file_path": f"images/{path.name}", "transform_matrix": pose.tolist()})
    (folder / "transforms.json").write_text(json.dumps({**INTRINSICS, "frames": frames}))
    return folder


def edit(
    scene: Path, change: Callable[[dict[str, Any]], Any], name: str = "transforms.json"
) -> None:
    """Lets ``change`` alter the parsed scene file."""
    path = scene / name
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def load(scene: Path, **arguments: Any) -> TransformsDataset:
    """The scene's dataset."""
    return TransformsDataset(str(scene), **arguments)
