"""Whether a saved state is that of the module that is to take it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jnerf.errors import CheckpointError


def check_state(owner: str, shapes: Mapping[str, tuple], state: Mapping[str, np.ndarray]) -> None:
    """Compares a saved state of optimiser, average or sampler with what one's own has.

    Args:
        owner: whose state it is, for messages.
        shapes: of one's own arrays.
        state: saved arrays.

    Raises:
        CheckpointError: names or shapes differ.
    """
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
