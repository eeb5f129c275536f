"""half_copy: rounding against the reference, and copies that are never out of date, whatever changes a parameter."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.adam import AdamNumbers, adam_dense, adam_sparse, bias_correction_table
from jnerf.ops.half_copy import HalfCopy, check_precision, current, round_half
from jnerf.ops.half_copy.reference import rounded
from jnerf.ops.rmsprop import rmsprop_rows
from jnerf.optims.ema import EMA

PRECISIONS = pytest.mark.parametrize("precision", ["float16", "bfloat16"])
BETAS = (0.9, 0.99)


def values(n, seed=0):
    """Of all sizes that a float has, either sign; ties of both formats and what is not finite among them."""
    random = np.random.default_rng(seed)
    found = random.integers(0, 2**32, n, dtype=np.uint64).astype(np.uint32)
    found[::3] &= np.uint32(0xFFFF8000)  # ties of bfloat16
    found[1::3] &= np.uint32(0xFFFFF000)  # and of float16
    found[1::3] = (found[1::3] & np.uint32(0x87FFFFFF)) + np.uint32(
        0x30000000
    )  # whose sizes these are
    special = np.float32(
        [0, -0.0, np.inf, -np.inf, np.nan, 65504, 65519.996, 65520, 6e-8, 2.9e-8, 1e-45]
    )
    found[: min(n, 11)] = special.view(np.uint32)[:n]
    return found.view(np.float32)


def wide(var):
    return var.float32().numpy()


@PRECISIONS
@pytest.mark.parametrize("n", [1, 15, 16, 40_007])
def test_rounding_is_that_of_the_reference(device, precision, n):
    array = values(n)
    found = round_half(jt.array(array), precision)
    assert found.dtype == precision and found.is_stop_grad()
    expected = rounded(array, precision)
    small = np.abs(array) < 2.0**-126  # which a CPU may take for zero
    np.testing.assert_array_equal(np.isnan(wide(found)), np.isnan(expected))
    np.testing.assert_array_equal(wide(found)[~small], expected[~small])
    assert (np.abs(wide(found)[small]) <= 2.0**-126).all()


@PRECISIONS
def test_the_reference_takes_the_nearest(precision):
    array = values(3000)
    array = array[np.isfinite(array) & (np.abs(array) < 65000) & (np.abs(array) > 1e-30)]
    found = rounded(array, precision).astype(np.float64)
    bits, least = (11, -24) if precision == "float16" else (8, -140)
    unit = 2.0 ** np.maximum(np.frexp(array.astype(np.float64))[1] - bits, least)
    np.testing.assert_array_equal(found, np.round(array / unit) * unit)  # ties to even, as NumPy's


@PRECISIONS
def test_what_is_rounded_stays(precision):
    once = rounded(values(5000), precision)
    np.testing.assert_array_equal(rounded(once, precision), once)


def test_wrong_arguments_are_named():
    with pytest.raises(
        ValueError, match="table_precision is 'bf16'; choose 'float32', 'float16' or 'bfloat16'"
    ):
        check_precision("bf16")
    with pytest.raises(ValueError, match="round_half: float32 to 'float32'"):
        round_half(jt.ones((3,)), "float32")
    with pytest.raises(ValueError, match="round_half: int32 to 'float16'"):
        round_half(jt.ones((3,), "int32"), "float16")


# --- a copy follows its parameter ---


def table():
    return jt.array(np.random.default_rng(0).normal(size=(111, 3)).astype(np.float32))


def grad_of(param):
    """Of which most are zero, in whole blocks and alone."""
    random, n = np.random.default_rng(1), param.numel()
    found = random.normal(size=n) * (random.random(n) < 0.3) * (np.arange(n) // 64 % 2)
    return jt.array(found.reshape(param.shape).astype(np.float32))


def sparse(param):
    state = [jt.zeros(param.shape, kind) for kind in ("float32", "float32", "int32")]
    adam_sparse(param, grad_of(param), *state, jt.array(bias_correction_table(BETAS)), 1e-2)


def dense(param):
    zeros = [[jt.zeros(param.shape)] for _ in range(2)]
    adam_dense([param], [grad_of(param)], *zeros, [AdamNumbers(1, 1e-2)])


def root_mean_square(param):
    rmsprop_rows([param], [grad_of(param)], [jt.zeros(param.shape)], [1e-2])


def swapped(param):
    param.swap(jt.array(param.numpy()[::-1].copy()))


CHANGES = {
    "sparse Adam": sparse,
    "dense Adam": dense,
    "RMSprop": root_mean_square,
    "update": lambda param: param.update(param * 3 + 1),
    "assign": lambda param: param.assign(param * 3 + 1),
    "swap": swapped,
}


@PRECISIONS
@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_never_out_of_date(device, precision, change):
    param, copy = table(), HalfCopy(precision)
    before = wide(copy.of(param))
    for _ in range(3):
        jt.sync([param, copy.of(param)])
        CHANGES[change](param)
        np.testing.assert_array_equal(wide(copy.of(param)), rounded(param.numpy(), precision))
    assert (wide(copy.of(param)) != before).any()


def test_sparse_adam_writes_the_copy_that_there_is(device):
    """No other pass over the table."""
    param, copy = table(), HalfCopy("bfloat16")
    sparse(param)
    assert current(param) is None  # nobody has asked for one
    made = copy.of(param)
    jt.sync([param, made])
    sparse(param)
    assert current(param) is copy and copy.of(param) is made
    np.testing.assert_array_equal(wide(made), rounded(param.numpy(), "bfloat16"))
    dense(param)
    assert current(param) is None
    assert copy.of(param) is not made and current(param) is copy


def test_an_average_in_the_parameters_place_has_a_copy_of_its_own(device):
    param, copy = table(), HalfCopy("float16")
    ema = EMA({"encoder": [param]}, decay=0.5)
    ema.update()
    jt.sync([param, copy.of(param)])
    sparse(param)
    ema.update()
    raw = wide(copy.of(param))
    with ema.applied():
        averaged = wide(copy.of(param))
        np.testing.assert_array_equal(averaged, rounded(param.numpy(), "float16"))
    assert (averaged != raw).any()
    np.testing.assert_array_equal(wide(copy.of(param)), raw)


def test_two_copies_of_a_parameter_are_both_right(device):
    param = table()
    copies = [HalfCopy(precision) for precision in ("float16", "bfloat16")]
    for _ in range(2):
        jt.sync([param, *(copy.of(param) for copy in copies)])
        sparse(param)
        for copy in copies:
            expected = rounded(param.numpy(), copy.precision)
            np.testing.assert_array_equal(wide(copy.of(param)), expected)


def test_a_copy_that_is_gone_is_not_written():
    param, copy = jt.ones((111, 3)), HalfCopy("bfloat16")
    copy.of(param).sync()
    del copy
    assert current(param) is None
    sparse(param)
