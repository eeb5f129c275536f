"""The specification of ``ema_update`` in NumPy."""

from __future__ import annotations

import numpy as np


def ema_update(average, value, decay: float) -> np.ndarray:
    """The new average; arguments as in ``jnerf.ops.ema.ema_update``."""
    return decay * np.asarray(average) + (1 - decay) * np.asarray(value)
