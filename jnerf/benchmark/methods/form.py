"""A method in its small form: seconds of training, on a scene that the package makes itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.benchmark.host.emptied import overrides_of
from jnerf.benchmark.host.scenes import SCENE
from jnerf.config import find_config, load_config

#: The most that a setting of this name has, wherever a config has it. How the method works stays as it is.
SIZES = {
    "target_samples": 8192,
    "max_steps": 1024,
    "grid_resolution": 32,
    "log2_table_size": 13,
    "n_samples": 32,
    "n_coarse": 16,
    "n_fine": 16,
    "n_importance": 16,
    "n_outside": 8,
    "n_rays": 256,
    "hidden_width": 64,
    "resolutions": 32,
    "background_width": 32,
    "geometry_features": 32,
    "n_points": 512,
    "base_level": 2,
    "surface_samples": 2000,
    "fit_steps": 2,
    "fit_rays": 32,
    "test_steps": 2,
}
_VIEWS = {"n_train": 12, "n_test": 2, "resolution": 48}
_QUIET = ["evaluation.steps=[]", "evaluation.n_images=2", "checkpoint.every=100000", "log_every=1"]
_QUIET += ["report=False", "evaluation.downscale=1"]


def small_form(
    file: str,
    steps: int,
    folder: Path,
    overrides: Sequence[str] = (),
    step_size: float = 0.01,
    **sizes: int,
) -> Any:
    """The config of a method, made small.

    Args:
        file: a config's name or file.
        steps: of its training.
        folder: where a scene that is a file is put.
        overrides: as of the command line; they win, but for what the scene is.
        step_size: of samplers with a grid of occupied cells, field units.
        sizes: further most values, over those of ``SIZES`` and of the scene's ``n_train``, ``n_test``, ``resolution``.

    Returns:
        The resolved config.
    """
    path = str(find_config(file))
    views = {name: sizes.pop(name, most) for name, most in _VIEWS.items()}
    shipped = load_config(path)
    small = overrides_of(shipped, {**SIZES, **sizes})
    if shipped.sampler.type == "OccupancySampler":
        small += [f"sampler.step_size={step_size}", f"sampler.max_steps={int(2 / step_size)}"]
    config = load_config(path, [*small, *_QUIET, f"total_steps={steps}", *overrides])
    scene = _scene(shipped.dataset, folder, views)
    if scene["type"] != config.dataset.type:
        config.dataset.clear()
    config.dataset.update(scene)
    return config


def _scene(block: Any, folder: Path, views: dict[str, int]) -> dict[str, Any]:
    """What of a dataset's block makes it small; another dataset where the config's is of files."""
    if block.type == "ImageDataset":
        return {"type": "ImageDataset", "root": str(_picture(folder / "picture.ppm"))}
    if block.type == "MeshDataset":
        judged = {"volume_points": 4096, "surface_points": 64, "surface_resolution": 16}
        return {"type": "MeshDataset", "root": str(_torus(folder / "torus.obj")), **judged}
    return {**SCENE, **views}


def _picture(path: Path) -> Path:
    """Waves in colour, 192 x 192, under noise, which no rounding can be told from: no training comes near to it."""
    u, v = np.meshgrid(*[np.linspace(0, 1, 192)] * 2)
    waves = np.stack([np.sin(9 * u + 4 * v), np.cos(23 * u * v), np.sin(40 * (u - v) ** 2)], -1)
    noise = np.random.default_rng(0).normal(0, 0.3, waves.shape)
    pixels = np.uint8((127.5 + 80 * (waves + noise)).clip(0, 255))
    path.write_bytes(b"P6\n192 192\n255\n" + pixels.tobytes())
    return path


def _torus(path: Path, around: int = 24, across: int = 12) -> Path:
    """Of radius 1 and 0.4."""
    lines = []
    for i in range(around):
        for j in range(across):
            a, b = math.tau * i / around, math.tau * j / across
            r = 1 + 0.4 * math.cos(b)
            lines.append(f"v {r * math.cos(a):.6f} {r * math.sin(a):.6f} {0.4 * math.sin(b):.6f}")
    for i in range(around):
        for j in range(across):
            k, m = (i + 1) % around, (j + 1) % across
            corners = i * across + j, k * across + j, k * across + m, i * across + m
            lines.append("f " + " ".join(str(c + 1) for c in corners))
    path.write_text("\n".join(lines) + "\n")
    return path
