"""The small scenes on which emptied methods train: nothing has to be read or downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

#: In place of a config's own scene of views.
SCENE = {"type": "ProceduralDataset", "n_train": 4, "n_test": 2, "resolution": 32}
# Of each training photograph, whose parameters the optimiser has groups for.
_LEARNED = ("cameras", "exposure")
# What losses of a capture with depth read, and the embedded scene then gives: by what the capture calls its depth.
_DEPTHS = {"z": ("depth",), "euclidean": ("depth",), "tracks": ("depth", "depth_error")}
_SIDE = 32  # pixels of the picture
# Of a tetrahedron, each face seen from outside.
_CORNERS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
_FACES = ((1, 3, 2), (1, 2, 4), (1, 4, 3), (2, 3, 4))


def scene_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """The dataset block in place of a config's own: of a picture or a mesh the same with a small one, else views.

    Args:
        block: the config's ``dataset``.
    """
    if block["type"] == "ImageDataset":
        return {**block, "root": str(_picture())}
    if block["type"] == "MeshDataset":
        return {**block, "root": str(_mesh())}
    learned = {key: block[key] for key in _LEARNED if block.get(key) is not None}
    truths = {"extras": truths} if (truths := _truths(block)) else {}
    # from the first step on: one in which it learns
    return SCENE | truths | {key: {**what, "begin": 0} for key, what in learned.items()}


def _truths(block: Mapping[str, Any]) -> Sequence[str]:
    """What a batch of this dataset has beside colours, depth say: losses compare with it."""
    if block["type"] == SCENE["type"]:
        return block.get("extras", ())
    return _DEPTHS.get(block.get("depth"), ())


@cache
def _folder() -> TemporaryDirectory:
    """Removed when the process ends."""
    return TemporaryDirectory(prefix="jnerf-benchmark-")


@cache
def _picture() -> Path:
    path = Path(_folder().name) / "picture.npy"
    ramps = np.arange(_SIDE * _SIDE * 3, dtype=np.uint8).reshape(_SIDE, _SIDE, 3)
    np.save(path, ramps)
    return path


@cache
def _mesh() -> Path:
    path = Path(_folder().name) / "mesh.obj"
    lines = ["v {} {} {}".format(*corner) for corner in _CORNERS]
    lines += ["f {} {} {}".format(*face) for face in _FACES]
    path.write_text("\n".join(lines) + "\n")
    return path
