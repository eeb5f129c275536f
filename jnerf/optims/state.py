"""Saved states of optimisers and averages, back into Vars."""

from __future__ import annotations

from collections.abc import Mapping

import jittor as jt
import numpy as np


def take(state: Mapping[str, np.ndarray], mine: Mapping[str, jt.Var]) -> None:
    """Puts the saved arrays of the same names into ``mine``, in place."""
    for key, var in mine.items():
        var.update(jt.array(np.ascontiguousarray(state[key])).stop_grad())
    jt.sync(list(mine.values()))
