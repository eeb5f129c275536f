"""A trained run as whoever exports from it gets it: its pipeline with the weights, and its place in the world."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jnerf.config.check import check
from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.checkpoints.asked import load_for_task, run_of
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.guards.record import elsewhere, read_info
from jnerf.engine.guards.rules import Use
from jnerf.engine.pipeline.build import Pipeline, build_pipeline
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError
from jnerf.runtime import show_kernel_progress


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A run, opened.

    Attributes:
        pipeline: the method, its weights loaded; whoever asks it applies the average.
        folder: where the run is.
        step: of the checkpoint.
        transform: the similarity that it was trained in, world to field.
    """

    pipeline: Pipeline
    folder: RunFolder
    step: int
    transform: Similarity


def open_trained(
    config: Any,
    use: Use,
    save_dir: str | Path | None = None,
    checkpoint: str | Path | None = None,
) -> TrainedRun:
    """Opens a trained run whose field lies in the world.

    Args:
        config: a loaded config; it is checked here.
        use: what for.
        save_dir: the folder that holds run folders; None for the config's (``logs``).
        checkpoint: load this file instead of the run folder's newest.

    Raises:
        JnerfError: anything the user can mend, a field in NDC among it; the message says how.
    """
    check(config)
    show_kernel_progress()
    folder = RunFolder(Path(save_dir or config.get("save_dir") or "logs") / config.exp_name)
    same = run_of(config, folder, checkpoint, use)
    same.check_config()
    pipeline = build_pipeline(config, training=False)
    refuse_ndc(pipeline)
    loaded, path = load_for_task(folder, checkpoint)
    same.check_scene(pipeline.dataset)
    restore(pipeline, loaded, str(path))
    recorded = recorded_transform(path.parent.parent / "run.json", pipeline.dataset)
    transform = recorded or pipeline.dataset.transform or Similarity()
    return TrainedRun(pipeline, folder, loaded.step, transform)


def refuse_ndc(pipeline: Pipeline) -> None:
    """Raises ConfigError for a field in NDC, or one that is not in three dimensions."""
    if pipeline.facts["n_dims"] != 3:
        raise ConfigError(f"a field of {pipeline.facts['n_dims']} dimensions has no surface")
    if isinstance(pipeline.dataset.cameras, NDCCameras):
        raise ConfigError(
            "this field is in NDC (dataset.space='ndc'): its box holds everything out to infinity, its cells grow with "
            "the distance, and no similarity leads back to the world. Train with dataset.space='bounded' or 'spherify' "
            "to extract or export something in world units"
        )


def recorded_transform(record: Path, dataset: Dataset) -> Similarity | None:
    """The similarity that the run was trained in, from its run.json; None where none is recorded.

    It is the dataset's own, unless the scene has changed since.

    Args:
        record: the run's ``run.json``, which may be missing or damaged.
        dataset: the scene as it is now.
    """
    data = read_info(record.parent).get("world_to_field")
    if data is None:
        return None
    recorded = Similarity.from_dict(data)
    if elsewhere(recorded, dataset):
        warnings.warn(
            f"the scene's place in the field is not that of {record}, so it has changed since the run was trained; "
            "what is extracted is put where the run says",
            stacklevel=2,
        )
    return recorded
