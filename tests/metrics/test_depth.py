"""Errors of depth by hand."""

import numpy as np
import pytest

from jnerf.metrics import depth_errors


def test_errors_by_hand():
    truth = np.float32([[2.0, 4.0, 0.0, 1.0]])
    found = np.float32([[2.2, 3.0, 9.0, 0.0]])  # of the last nothing was seen
    errors = depth_errors(found, truth)
    assert errors["depth_abs_rel"] == pytest.approx((0.1 + 0.25 + 1) / 3)
    assert errors["depth_rmse"] == pytest.approx(np.sqrt((0.04 + 1 + 1) / 3))
    assert errors["depth_delta1"] == pytest.approx(1 / 3)
    assert depth_errors(found, 0 * truth) == {}
