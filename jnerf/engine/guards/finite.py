"""Losses and weights that are no longer finite end a run, and are not saved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jnerf.config.dump import leaves
from jnerf.engine.checkpoints.checkpoint import State, nonfinite
from jnerf.errors import TrainingError


def check_losses(terms: Mapping[str, float], step: int, saved: int, config: Any) -> None:
    """Raises TrainingError, with what may help, for a loss term that is not finite.

    Args:
        terms: by name.
        step: the 0-based number of the step in progress.
        saved: the step of the last checkpoint, 0 if there is none.
        config: the resolved config.
    """
    bad = {name: value for name, value in terms.items() if not math.isfinite(value)}
    if bad:
        named = ", ".join(f"loss term '{name}' is {value}" for name, value in bad.items())
        raise TrainingError(
            f"{named} at step {step + 1}; all terms: {dict(terms)}. Nothing was saved from here on: the last good "
            f"checkpoint is step {saved}. Lower optim.lr or that term's weight, then --resume.{_of_halves(config)}"
        )


def check_finite(state: State, step: int, saved: int, config: Any) -> None:
    """Raises TrainingError, with what may help, for weights or moments that are not finite.

    Args:
        state: what a checkpoint is to hold.
        step: steps completed.
        saved: the step of the last checkpoint, 0 if there is none.
        config: the resolved config.
    """
    bad = nonfinite(state)
    if bad:
        named = ", ".join(f"{name} ({count} values)" for name, count in list(bad.items())[:5])
        raise TrainingError(
            f"not finite after step {step}: {named}. This state was not saved: the last good checkpoint is "
            f"step {saved}. Lower optim.lr, then --resume.{_of_halves(config)}"
        )


def _of_halves(config: Any) -> str:
    """A sentence about tables that are read in float16, in which a large feature is infinite."""
    halves = [
        path
        for path, value in leaves(config).items()
        if path.rpartition(".")[2] == "table_precision" and value == "float16"
    ]
    if not halves:
        return ""
    verb = "is" if len(halves) == 1 else "are"
    return (
        f" {' and '.join(halves)} {verb} 'float16', in which features from 65520 on are infinite: "
        "'bfloat16' and 'float32' have no such end."
    )
