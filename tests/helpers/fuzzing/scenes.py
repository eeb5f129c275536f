"""Readers of scenes, in every format, as a training run opens them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from captures import facing_poses, make_llff, make_neus, make_nsvf, write_image
from colmap_scenes import write_scene
from scenes import ball_image, make_tiny_blender, ring_poses

from fuzzing.judge import Target
from jnerf.datasets.base import Dataset
from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.engine.guards.record import scene_record
from jnerf.engine.logging import to_json

_N, _SIZE = 4, 16


def opened(kind: Callable[..., Dataset], **more: object) -> Callable[[Path], None]:
    """Builds a dataset, asks what a run asks of it first, and makes sure that a result is one."""

    def read(folder: Path) -> None:
        dataset = kind(str(folder), **more)
        to_json(dataset.summary())
        to_json(scene_record(dataset, str(folder)))
        dataset.check_judging(None)
        cameras = dataset.cameras
        numbers = [dataset.aabb, dataset.near, dataset.far, cameras.c2w, cameras.intrinsics]
        if not all(np.isfinite(np.asarray(number, np.float64)).all() for number in numbers):
            raise ValueError("a scene that was taken for good has numbers that are not finite")

    return read


def make_transforms(folder: Path) -> None:
    """A scene with every key that the format has words for; pictures, masks and a list of a split."""
    import json

    frames = []
    for i, pose in enumerate(ring_poses(_N)):
        write_image(folder / "images" / f"{i}.png", ball_image(pose, _SIZE, 22.0))
        write_image(folder / "masks" / f"{i}.png", ball_image(pose, _SIZE, 22.0)[..., 3])
        frame = {"file_path": f"images/{i}.png", "transform_matrix": pose.tolist()}
        frames.append(frame | {"mask_path": f"masks/{i}.png"})
    frames[1] |= {"fl_x": 21.0, "k1": 0.01, "cx": 8.5}
    frames[2] |= {"camera_angle_x": 0.7, "w": 16, "h": 16}
    shared = {
        "camera_model": "OPENCV", "fl_x": 22.0, "fl_y": 22.0, "cx": 8.0, "cy": 8.0, "w": 16, "h": 16, "k1": 0.01,
        "k2": 0.0, "p1": 0.001, "p2": 0.0, "aabb_scale": 2, "scale": 0.3, "offset": [0.5, 0.5, 0.5],
        "is_fisheye": False,
        "train_filenames": ["images/0.png", "images/1.png", "images/2.png"], "test_filenames": ["images/3.png"],
        "applied_transform": np.eye(4)[:3].tolist(), "white_transparent": False,
    }  # fmt: skip
    folder.joinpath("transforms.json").write_text(json.dumps(shared | {"frames": frames}))


def make_listed_llff(folder: Path) -> None:
    """An LLFF scene with a list of its views."""
    make_llff(folder, facing_poses(_N), downscale=1)
    names = "\n".join(f"v{i:02d}.png" for i in range(_N))
    (folder / "view_imgs.txt").write_text(f"{names}\n")


TARGETS = (
    Target("blender", lambda f: make_tiny_blender(f, 2, 8), opened(BlenderDataset), ("*_train.json",)),
    Target("transforms", make_transforms, opened(TransformsDataset, auto_scale=True), ("*.json",)),
    Target("colmap_text", write_scene, opened(COLMAPDataset), ("*.txt",)),
    Target("colmap_binary", lambda f: write_scene(f, suffix=".bin"), opened(COLMAPDataset), ("*.bin",)),
    Target("llff", make_listed_llff, opened(LLFFDataset, downscale=1), ("*.npy", "view_imgs.txt")),
    Target("dtu", lambda f: make_neus(f, _N), opened(DTUDataset), ("*.npz",)),
    Target("nsvf", lambda f: make_nsvf(f, 2, "0"), opened(NSVFDataset), ("*.txt",)),
    Target("masks", make_transforms, opened(TransformsDataset), ("masks/*",)),
)  # fmt: skip
