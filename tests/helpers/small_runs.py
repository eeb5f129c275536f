"""What makes a run of any config small: overrides for its sizes, and tiny scenes in every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from captures import facing_poses, make_llff, make_neus
from colmap_scenes import write_scene
from meshes import torus, write_obj
from scenes import make_tiny_blender

# What makes a run small, wherever a config has the setting; how the method works stays as it is.
SMALL = {
    "target_samples": 4096,
    "grid_resolution": 32,
    "log2_table_size": 12,
    "n_samples": 16,
    "n_coarse": 8,
    "n_fine": 8,
    "n_rays": 64,
    "n_train": 4,
    "n_test": 2,
    "resolution": 16,
    "downscale": 1,
    "hidden_width": 16,
    "resolutions": 16,
    "background_width": 16,
    "geometry_features": 16,
    "n_points": 256,
    "base_level": 1,
    "surface_samples": 2000,
    "fit_steps": 2,
    "fit_rays": 32,
}
# Sizes that a network cannot do without.
NETWORKS = {"NeuSNetwork": ["network.hidden_width=48"]}  # the position enters again at the skip


def small_sizes(config: Any) -> list[str]:
    """Overrides for every setting of ``SMALL`` that a config has."""
    return [*_small(config), *NETWORKS.get(config.network.type, [])]


def _small(block: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in block.items():
        if isinstance(value, dict):
            yield from _small(value, f"{path}{key}.")
        elif key in SMALL and isinstance(value, int):
            yield f"{path}{key}={min(value, SMALL[key])}"
        elif key in SMALL and isinstance(value, list):
            yield f"{path}{key}={[min(number, SMALL[key]) for number in value]}"


def tiny_scenes(folder: Path) -> dict[str, list[str]]:
    """By dataset type, overrides that make its scene tiny.

    Args:
        folder: the scenes are made there, unless they have been.
    """
    if not folder.is_dir():
        make_tiny_blender(folder / "scene", depth=True)
        make_tiny_blender(folder / "large", size=96)  # 12 pixels at 1/8
        make_llff(folder / "capture", facing_poses(9))
        make_neus(folder / "scan")
        write_scene(folder / "photographs")
        colors = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
        cv2.imwrite(str(folder / "picture.png"), colors)
        write_obj(folder / "torus.obj", *torus(12, 6))
    return {
        "COLMAPDataset": [f"dataset.root={folder / 'photographs'}"],
        "DTUDataset": [f"dataset.root={folder / 'scan'}"],
        "LLFFDataset": [f"dataset.root={folder / 'capture'}", "dataset.downscale=2"],
        "BlenderDataset": [f"dataset.root={folder / 'scene'}"],
        "MultiscaleBlenderDataset": [f"dataset.root={folder / 'large'}"],
        "TransformsDataset": [f"dataset.root={folder / 'scene'}"],
        "MultiscaleTransformsDataset": [f"dataset.root={folder / 'large'}"],
        "ImageDataset": [f"dataset.root={folder / 'picture.png'}"],
        "MeshDataset": [
            f"dataset.root={folder / 'torus.obj'}",
            "dataset.volume_points=256",
            "dataset.surface_points=64",
            "dataset.surface_resolution=16",
        ],
        "ProceduralDataset": ["dataset.n_train=4", "dataset.n_test=2", "dataset.resolution=16"],
    }
