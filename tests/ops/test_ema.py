"""ema_update: against its reference, in place, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.ema import ema_update
from jnerf.ops.ema.reference import ema_update as reference


def run(values, decay=0.95):
    average = jt.zeros(values[0].shape)
    for value in values:
        ema_update([average], [jt.array(value)], decay)
        jt.sync([average])
    return average.numpy()


@pytest.mark.parametrize("shape", [(1,), (3, 5), (1000,), (0,)])
@pytest.mark.parametrize("decay", [0.0, 0.95])
def test_matches_the_reference(device, shape, decay):
    values = np.random.default_rng(0).normal(size=(7, *shape)).astype(np.float32)
    expected = np.zeros(shape)
    for value in values:
        expected = reference(expected, value, decay)
    np.testing.assert_allclose(run(values, decay), expected, rtol=1e-6, atol=1e-7)


def test_non_contiguous_value(device):
    value = np.arange(12, dtype=np.float32).reshape(3, 4)
    average = jt.zeros((4, 3))
    ema_update([average], [jt.array(value).transpose(1, 0)], 0.5)
    np.testing.assert_array_equal(average.numpy(), value.T / 2)


def test_nan_stays_nan(device):
    average = run([np.array([1, np.nan, 3], np.float32)])
    assert np.isnan(average).tolist() == [False, True, False]


def test_bits_do_not_depend_on_threads():
    values = np.random.default_rng(0).normal(size=(3, 10_007)).astype(np.float32)
    one, two = (with_threads(n, lambda: run(values)) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_sizes_that_disagree():
    with pytest.raises(ValueError, match=r"average is float32 \[3\], value is float32 \[4\]"):
        ema_update([jt.zeros((3,))], [jt.zeros((4,))], 0.9)
