"""The checkpoint that a task goes on from, and the run that it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jnerf.engine.checkpoints.checkpoint import (
    Checkpoint,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest,
)
from jnerf.engine.guards.rules import Use
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import CheckpointError


def load_for_task(folder: RunFolder, checkpoint: str | Path | None) -> tuple[Checkpoint, Path]:
    """The checkpoint that was asked for, else the newest of the run folder, and where it lies.

    Raises:
        CheckpointError: there is none.
    """
    if checkpoint:
        return load_checkpoint(Path(checkpoint)), Path(checkpoint)
    loaded = load_latest(folder.checkpoints)
    if loaded is None:
        raise CheckpointError(
            f"no checkpoint in {folder.checkpoints}. Train first (jnerf train), or point --save-dir at the folder "
            "that holds the run's folder."
        )
    return loaded, checkpoint_path(folder.checkpoints, loaded.step)


def run_of(config: Any, folder: RunFolder, checkpoint: str | Path | None, use: Use) -> SameRun:
    """The run that a checkpoint is of, to be compared with the config.

    Args:
        config: the config at hand.
        folder: its run folder.
        checkpoint: the file that was asked for; None: the folder's own.
        use: what the checkpoint is for.
    """
    path = (
        Path(checkpoint) if checkpoint else next(iter(checkpoint_paths(folder.checkpoints)), None)
    )
    if path is None or not path.is_file() or path.parent.name != folder.checkpoints.name:
        return SameRun(None, config, use)  # nothing to begin with, or a file from somewhere
    root = path.parent.parent
    if use == "resume" and root.resolve() != folder.root.resolve():
        use = "start"
    return SameRun(root, config, use)
