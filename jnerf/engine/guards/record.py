"""What a run notes of its scene, so that its weights are never taken for those of another one; and of its config."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jnerf.checks.origin import origin_of
from jnerf.config import load_config
from jnerf.datasets.files.paths import scene_path
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError, DataError

if TYPE_CHECKING:  # it imports Jittor, which a process that only looks at run folders can do without
    from jnerf.datasets.base import Dataset

_CELLS = 4  # a side of the noted picture
#: How far notes of one scene may lie apart: lengths as a share of the box, colours of 255.
_NEAR, _ALIKE = 1e-3, 4.0


def scene_record(dataset: Dataset, root: str | None, picture: bool = True) -> dict[str, Any]:
    """A scene in a few numbers, for run.json.

    Args:
        dataset: its training split.
        root: its folder as the config has it; None where it has none.
        picture: also note the first image, which is decoded for it.

    Returns:
        ``root`` (absolute), ``n_images``, ``aabb``; of cameras ``near``, ``far``, the mean ``pose``, field units
        [3, 4], and the mean ``focal``, fx and cx as shares of the width, fy and cy of the height, and ``away``, their
        median distance from the middle of the box; of the first image the mean colours of 4 x 4 parts, ``picture``.
    """
    found: dict[str, Any] = {"root": None if root is None else str(absolute_root(root) or root)}
    found |= {"n_images": dataset.n_images, "aabb": [round(float(x), 6) for x in dataset.aabb]}
    cameras = dataset.starting_cameras
    if cameras is not None:
        found["pose"] = cameras.c2w.astype(np.float64).mean(axis=0).round(6).tolist()
        focal = cameras.intrinsics / np.tile(cameras.sizes, 2).astype(np.float64)
        found["focal"] = focal.mean(axis=0).round(6).tolist()
        found |= {"near": dataset.near, "far": dataset.far}
        middle = np.asarray(dataset.aabb, np.float64).reshape(2, -1).mean(axis=0)
        away = np.linalg.norm(cameras.c2w[:, :, 3] - middle, axis=1)
        found["away"] = round(float(np.median(away)), 6)
    first = dataset.first_picture() if picture and root is not None else None
    if first is not None:
        parts = [
            [cell.reshape(-1, 4).mean(axis=0).round(1).tolist() for cell in _split(row, 1)]
            for row in _split(first, 0)
        ]
        found["picture"] = parts
    return found


def config_record(config: Mapping[str, Any]) -> dict[str, Any]:
    """Where a config came from, for run.json.

    Returns:
        ``config_file``, and ``config_changes``, what the command line made of it, as ``Config.diff`` says it. Nothing
        of a config that was made in Python, no changes where the file cannot be read again.
    """
    origin = origin_of(config)
    if origin is None:
        return {}
    try:
        changes = load_config(origin.source).diff(config)
    except ConfigError:
        return {"config_file": origin.source}
    return {"config_file": origin.source, "config_changes": changes}


def _split(image: np.ndarray, axis: int) -> list[np.ndarray]:
    return np.array_split(image, min(_CELLS, image.shape[axis]), axis=axis)


def absolute_root(root: str) -> Path | None:
    """Where a scene's folder or file lies, links followed; None if it is not there."""
    path = scene_path(root)
    return path.resolve() if path.exists() else None


def read_info(run_root: Path) -> dict[str, Any]:
    """A run's run.json; empty where there is none that can be read."""
    try:
        found = json.loads((run_root / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def scene_differences(noted: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What two notes of a scene have unlike, a phrase each; what one of them lacks is not compared.

    Args:
        noted: what the run noted, ``scene_record``.
        now: the same of the scene at hand.
    """
    found = []
    if (a := noted.get("n_images")) is not None and a != now["n_images"]:
        found.append(f"{now['n_images']} training images, {a} then")
    if not _close(noted.get("aabb"), now["aabb"], _NEAR):
        found.append("another box of the field")
    box = np.asarray(now["aabb"]).reshape(2, -1)
    if not _close(
        noted.get("pose"), now.get("pose"), _NEAR * max(1.0, float(np.ptp(box, 0).max()))
    ):
        found.append("other training cameras")
    elif not _close(noted.get("focal"), now.get("focal"), _NEAR):
        found.append("training cameras of another focal length or middle")
    if not _close(noted.get("picture"), now.get("picture"), _ALIKE):
        found.append("another first picture")
    return found


def moved(info: dict[str, Any], dataset: Dataset) -> bool:
    """Whether the scene now lies elsewhere in the field than the run noted."""
    try:
        return elsewhere(Similarity.from_dict(info["world_to_field"]), dataset)
    except (KeyError, TypeError, ValueError, DataError):
        return False


def elsewhere(noted: Similarity, dataset: Dataset) -> bool:
    """Whether the scene now lies in another place of the field than ``noted``."""
    now = dataset.transform
    return now is not None and not np.allclose(noted.matrix(), now.matrix(), rtol=1e-5, atol=1e-6)


def _close(a: Any, b: Any, tolerance: float) -> bool:
    if a is None or b is None:
        return True
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance))


def data_line(splits: Mapping[str, Mapping[str, Any]]) -> str:
    """What splits use and leave out, on one line.

    Args:
        splits: ``Dataset.summary()`` of each, by its name.

    >>> data_line({"training": {"n_images": 7, "resolution": "32x32", "dropped": {"no file": 2}}, "test": {}})
    'training: 7 images, resolution 32x32, dropped: 2 (no file); test: nothing counted'
    """
    return "; ".join(
        f"{name}: {', '.join(_phrases(found)) or 'nothing counted'}"
        for name, found in splits.items()
    )


def _phrases(found: Mapping[str, Any]) -> Iterator[str]:
    """What is used, then what is left out."""
    for key, value in found.items():
        name = key.removeprefix("n_").replace("_", " ")
        if key.startswith("n_"):
            yield f"{value:,} {name.removesuffix('s') if value == 1 else name}"
        elif value is not None and not isinstance(value, Mapping):
            yield f"{name} {value}"
    for key, value in found.items():
        if isinstance(value, Mapping) and value:
            counts = ", ".join(f"{count:,} ({reason})" for reason, count in value.items())
            yield f"{key.replace('_', ' ')}: {counts}"
