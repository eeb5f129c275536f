"""What checkpoints hold, compared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def assert_same_states(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    """Asserts that two states have the same arrays, bit by bit; names the first that differs."""
    assert set(one) == set(other)
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)
