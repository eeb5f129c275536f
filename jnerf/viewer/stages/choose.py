"""Which stage a method is shown on."""

from __future__ import annotations

from typing import Any

from jnerf.engine.pipeline.build import Pipeline, build_dataset
from jnerf.errors import ConfigError, DataError
from jnerf.viewer.stages.object import ObjectStage
from jnerf.viewer.stages.plane import PlaneStage
from jnerf.viewer.stages.recorded import RecordedScene, RecordedStage
from jnerf.viewer.stages.stage import Stage


def stage_of(pipeline: Pipeline, config: Any) -> Stage:
    """The scene of a pipeline, with the test split of its config if there is one.

    Raises:
        ConfigError: the scene has no cameras, and is no picture.
    """
    if pipeline.facts["n_dims"] == 2:
        return PlaneStage(pipeline)
    if isinstance(pipeline.dataset, RecordedScene):
        return RecordedStage(pipeline)
    if pipeline.dataset.cameras is not None and not pipeline.dataset.n_images:
        return ObjectStage(pipeline)
    return Stage(pipeline, held_out(config))


def held_out(config: Any) -> Any:
    """The test split; None if there is none, or its files are not there."""
    try:
        return build_dataset(config, "test")
    except (ConfigError, DataError):
        return None
