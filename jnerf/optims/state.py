"""Checks a saved optimiser state against the run that loads it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jnerf.errors import CheckpointError


def check_state(owner: str, shapes: Mapping[str, tuple], state: Mapping[str, np.ndarray]) -> None:
    """Raises CheckpointError unless ``state`` has exactly the names and shapes of ``shapes``."""
    missing, unknown = sorted(set(shapes) - set(state)), sorted(set(state) - set(shapes))
    if missing or unknown:
        raise CheckpointError(
            f"{owner}: the saved state lacks {missing or 'nothing'} and has unknown"
            f" {unknown or 'nothing'}; it was saved by a run with other parameters or options;"
            " resume with the config of that run"
        )
    for key, shape in shapes.items():
        if tuple(np.shape(state[key])) != tuple(shape):
            raise CheckpointError(
                f"{owner}: the saved {key!r} has shape {list(np.shape(state[key]))}, this run needs"
                f" {list(shape)}; resume with the config of the run that saved it"
            )
