"""A run whose scene is gone: its folder was moved or deleted, and what the run noted of it has to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.guards.record import absolute_root
from jnerf.engine.pipeline.build import Pipeline, build_pipeline
from jnerf.engine.rendering.paths.orbit import up_axis
from jnerf.errors import DataError, JnerfError
from jnerf.structures import Batch
from jnerf.viewer.stages.stage import Stage


class RecordedScene(Dataset):
    """What ``run.json`` says of a scene: enough to build the field on, nothing to train or test by.

    Args:
        noted: the record, see ``scene_record``.
        transform: world to field.

    Raises:
        KeyError: the run noted too little; runs of earlier versions did.
    """

    def __init__(self, noted: Mapping[str, Any], transform: Similarity | None) -> None:
        super().__init__(noted["aabb"], noted["near"], noted["far"])
        self.n_images, self.transform = int(noted["n_images"]), transform
        self.pose = np.asarray(noted["pose"], np.float64)
        self.focal, self.away = float(noted["focal"][1]), float(noted["away"])

    def sample(self, n_rays: int, step: int) -> Batch:
        """See ``Dataset``; there is nothing to sample."""
        raise DataError("the scene's files are not there")


class RecordedStage(Stage):
    """A scene without its cameras.

    Args:
        pipeline: the method on a ``RecordedScene``.
    """

    gone = "the scene's files are not there"

    def __init__(self, pipeline: Pipeline) -> None:
        dataset = pipeline.dataset
        self.pipeline, self.splits, self.space = pipeline, {}, None
        self.aabb = np.asarray(pipeline.facts["aabb"], np.float64)
        self.up = up_axis(dataset.pose[None])
        self.size = 0.5 * dataset.away

    def first_view(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """See ``Stage``: from the side that most cameras were on, as far away as they were."""
        dataset, middle = self.pipeline.dataset, 0.5 * (self.aabb[:3] + self.aabb[3:])
        side = dataset.pose[:, 2] - self.up * (dataset.pose[:, 2] @ self.up)
        if np.linalg.norm(side) < 1e-3:  # all around: any side
            side = np.cross(self.up, np.eye(3)[np.abs(self.up).argmin()])
        backward = 0.8 * side / np.linalg.norm(side) + 0.6 * self.up
        backward /= np.linalg.norm(backward)
        right = np.cross(self.up, backward)
        right /= np.linalg.norm(right)
        eye = middle + dataset.away * backward
        c2w = np.column_stack([right, np.cross(backward, right), backward, eye])
        return c2w, middle, 2 * float(np.arctan(0.5 / dataset.focal))

    def view_at(self, position: NDArray[np.floating]) -> tuple[str, int] | None:
        """See ``Stage``; there are no photographs."""
        return None


def pipeline_without_scene(config: Any, info: Mapping[str, Any]) -> Pipeline | None:
    """The method on what its run noted of its scene.

    Args:
        config: a loaded config.
        info: the run's ``run.json``.

    Returns:
        None where the scene is there, so that it is to be mended, or where too little was noted.
    """
    root = config.dataset.get("root")
    if root is None or absolute_root(root) is not None or config.dataset.get("space") == "ndc":
        return None
    placed = info.get("world_to_field")
    try:
        transform = None if placed is None else Similarity.from_dict(placed)
        return build_pipeline(config, False, RecordedScene(info["scene"], transform))
    except (KeyError, TypeError, ValueError, JnerfError):
        return None
