"""Arrays between NumPy and Jittor, both ways: where the two disagree about a layout, data is wrong without an error."""

from __future__ import annotations

import hypothesis
import jittor as jt
import numpy as np
import pytest
from hypothesis import strategies as st

KINDS = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
WIDE = tuple(kind for kind in KINDS if np.dtype(kind).itemsize == 8)
LAYOUTS = {
    "plain": lambda x: x,
    "transposed": lambda x: x.T,
    "every other": lambda x: x[::2],
    "last axis cut": lambda x: x[..., 1:-1],
    "backwards": lambda x: x[::-1],
    "Fortran": np.asfortranarray,
    "axes moved": lambda x: np.moveaxis(x, 0, -1),
    "broadcast": lambda x: np.broadcast_to(x[:1], (3 * min(len(x), 1), *x.shape[1:])),
    "read only": lambda x: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
}
SHAPES = ((0,), (1,), (7,), (0, 3), (3, 0), (4, 5), (2, 3, 4), (2, 1, 3, 2))


def example(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers that differ from one another, in every byte of the type that they can, and fit into 32 bits."""
    numbers = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    if kind == "bool":
        return numbers % 3 == 1
    if kind.startswith("float"):
        return ((numbers % 1999 - 999) / 8).astype(kind)  # exact in half precision
    step = {1: 1, 2: 257, 4: 65599, 8: 65599}[np.dtype(kind).itemsize]
    return (numbers * step % min(np.iinfo(kind).max, 2**31)).astype(kind)


@pytest.fixture
def keep_64_bits():
    before = jt.flags.auto_convert_64_to_32
    jt.flags.auto_convert_64_to_32 = 0
    yield
    jt.flags.auto_convert_64_to_32 = before


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(kind, layout):
    for shape in SHAPES:
        given = LAYOUTS[layout](example(kind, shape))
        var = jt.array(given)
        for got in (var.numpy(), var.data, var.fetch_sync()):
            assert got.shape == given.shape
            np.testing.assert_array_equal(got, given)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", WIDE)
def test_eight_bytes_stay_eight(kind, layout, keep_64_bits):
    given = LAYOUTS[layout](example(kind, (4, 5)) * np.dtype(kind).type(3))
    got = jt.array(given).numpy()
    assert got.dtype == given.dtype
    np.testing.assert_array_equal(got, given)


@pytest.mark.parametrize("kind", KINDS)
def test_large_arrays(kind):
    given = example(kind, (2**20 + 3, 2))
    for layout in ("plain", "transposed", "every other"):
        array = LAYOUTS[layout](given)
        np.testing.assert_array_equal(jt.array(array).numpy(), array)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(st.data())
def test_any_view(data):
    kind = data.draw(st.sampled_from(KINDS))
    shape = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    steps = st.integers(-3, 3).filter(bool)
    cuts = [slice(None, None, data.draw(steps)) for _ in shape]
    order = data.draw(st.permutations(range(len(shape))))
    given = example(kind, tuple(shape))[tuple(cuts)].transpose(order)
    np.testing.assert_array_equal(jt.array(given).numpy(), given)


@pytest.mark.parametrize("kind", KINDS[1:])  # Jittor takes no scalar of NumPy's bool
def test_scalars_and_lists_of_them(kind):
    numbers = example(kind, (3,))
    for given in (numbers[2], [numbers[1], numbers[2]], (numbers[0],), np.array(numbers[2])):
        np.testing.assert_array_equal(jt.array(given).numpy(), np.atleast_1d(given))
    if not kind.startswith("uint"):  # whose item() is wrong with any NumPy
        assert jt.array(numbers[2:]).item() == numbers[2]
    assert jt.array(numbers).tolist() == numbers.tolist()


def test_arrays_that_an_operator_meets():
    given = example("float32", (3, 4))
    var = jt.array(given)
    np.testing.assert_array_equal((var + given).numpy(), given + given)
    np.testing.assert_array_equal((var * given[:, ::-1]).numpy(), given * given[:, ::-1])
    np.testing.assert_array_equal((var + np.float64(0.5)).numpy(), given + np.float32(0.5))


@pytest.mark.parametrize(
    "index", [np.dtype(kind) for kind in KINDS[1:9]], ids=lambda dtype: dtype.name
)
def test_scalars_as_indices(index):
    given = example("float32", (3, 4, 2))
    var = jt.array(given)
    one = index.type(1)
    np.testing.assert_array_equal(var[one].numpy(), given[1])
    np.testing.assert_array_equal(var[:, one].numpy(), given[:, 1])
    np.testing.assert_array_equal(var[one, one:3, one].numpy(), given[1, 1:3, 1])
    var[one, one] = 7
    given[1, 1] = 7
    np.testing.assert_array_equal(var.numpy(), given)


def test_negative_scalars_and_arrays_as_indices():
    given = example("float32", (5, 3))
    var = jt.array(given)
    np.testing.assert_array_equal(var[np.int64(-1)].numpy(), given[-1])
    for rows in (np.array([3, 0, 3]), np.array([4, 1], np.int32), np.array([4, 9, 1])[::2]):
        np.testing.assert_array_equal(var[rows].numpy(), given[rows])


def test_an_index_that_is_no_number_is_an_error():
    with pytest.raises((TypeError, RuntimeError)):
        jt.array([1.0, 2.0])[np.datetime64("2020")].numpy()


def test_brain_floats_come_back_as_floats():
    given = example("float32", (5, 3)).clip(-15, 15)  # exact in eight bits of mantissa
    np.testing.assert_array_equal(jt.array(given).bfloat16().numpy(), given)


def test_arrays_without_a_copy():
    given = example("float32", (4, 5))
    jt.flags.reuse_array = 1
    try:
        var = jt.array(given)
        np.testing.assert_array_equal((var + 1).numpy(), given + 1)
    finally:
        jt.flags.reuse_array = 0


def test_arrays_through_the_queue_of_jittors_workers():
    given = [example(kind, (4, 6)) for kind in KINDS]
    given += [array.T[::2] for array in given]
    queue = jt.RingBuffer(2**16)
    for array in given:
        queue.push(array)
        got = queue.pop()
        assert got.dtype == array.dtype
        np.testing.assert_array_equal(got, array)
