"""VMEncoder and CPEncoder: what they are made of, finer grids, cropped ones, saved ones."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.cp import CPEncoder
from jnerf.encoders.factors import resampled, vertex_counts
from jnerf.encoders.vm import VMEncoder
from jnerf.errors import ConfigError
from jnerf.ops.factor_interp import reference

BOX = np.float32([0, 0, 0, 1, 0.5, 0.25])


def make(kind, **options):
    if kind == "vm":
        return VMEncoder(n_components=(3, 2, 1), resolution=8, aabb=BOX, seed=4, **options)
    return CPEncoder(n_components=5, resolution=8, aabb=BOX, seed=4, **options)


def ask(encoder, x):
    return encoder(jt.array(np.asarray(x, np.float32))).numpy()


@pytest.mark.parametrize("kind", ["vm", "cp"])
def test_features_are_those_of_the_reference(kind):
    encoder = make(kind)
    assert encoder.sizes == (16, 8, 4) and encoder.finest_cell == 1 / 15
    x = np.random.default_rng(0).random((20, 3)).astype(np.float32)
    tables = [table.numpy() for table in encoder.values()]
    if kind == "vm":
        right = reference.vm_interp(x, tables[:3], tables[3:])
    else:
        right = reference.cp_interp(x, tables)
    assert encoder.out_dim == right.shape[1] == (6 if kind == "vm" else 5)
    np.testing.assert_allclose(ask(encoder, x), right, atol=1e-6)
    np.testing.assert_allclose(encoder.summed(jt.array(x)).numpy(), right.sum(1), atol=1e-6)


def test_values_start_normal_and_differ_by_seed_and_stream():
    first = VMEncoder(n_components=16, resolution=32)
    values = np.concatenate([table.numpy().ravel() for table in first.values()])
    assert values.std() == pytest.approx(0.1, rel=0.02) and abs(values.mean()) < 1e-3
    again = VMEncoder(n_components=16, resolution=32)
    np.testing.assert_array_equal(again.line_x.numpy(), first.line_x.numpy())
    for other in ({"seed": 1}, {"stream": 1}):
        line = VMEncoder(n_components=16, resolution=32, **other).line_x.numpy()
        assert (line != first.line_x.numpy()).mean() > 0.99


@pytest.mark.parametrize("kind", ["vm", "cp"])
def test_twice_as_fine_is_the_same_field(kind):
    encoder = make(kind)
    x = np.random.default_rng(1).random((200, 3))
    before = ask(encoder, x)
    old = encoder.values()
    encoder.resample([2 * n - 1 for n in encoder.sizes])
    assert encoder.sizes == (31, 15, 7)
    np.testing.assert_allclose(ask(encoder, x), before, atol=1e-6)
    assert not any(new is table for new, table in zip(encoder.values(), old, strict=True))
    assert not any(table.is_stop_grad() for table in encoder.values())


@pytest.mark.parametrize("kind", ["vm", "cp"])
def test_a_crop_is_the_same_field_in_a_smaller_box(kind):
    encoder = make(kind)
    inner = np.random.default_rng(2).random((200, 3))
    low, high = np.array([3, 0, 1]), np.array([12, 7, 3])
    outer = (low + inner * (high - 1 - low)) / (np.array(encoder.sizes) - 1)
    before = ask(encoder, outer)
    encoder.crop(low, high)
    assert encoder.sizes == (9, 7, 2)
    np.testing.assert_allclose(ask(encoder, inner), before, atol=2e-6)


@pytest.mark.parametrize("kind", ["vm", "cp"])
def test_saved_sizes_are_taken(kind):
    encoder, other = make(kind), make(kind)
    encoder.resample((5, 6, 7))
    state = {name: var.numpy() for name, var in encoder.state_dict().items()}
    assert other.fit_state(state) and other.sizes == (5, 6, 7)
    assert {n: tuple(v.shape) for n, v in other.state_dict().items()} == {
        n: v.shape for n, v in state.items()
    }
    assert not other.fit_state(state)  # they fit already
    assert not other.fit_state({})
    assert not other.fit_state(state | {"line_x": np.zeros((9, 4), np.float32)})
    assert other.sizes == (5, 6, 7)


def test_vertices_follow_the_box():
    assert vertex_counts([0, 0, 0, 1, 1, 1], 128) == (128, 128, 128)
    for resolution in (20, 73.4, 300):
        sizes = vertex_counts(BOX, resolution)
        assert np.prod(sizes) == pytest.approx(resolution**3, rel=0.2)
    assert vertex_counts([0, 0, 0, 1, 1, 1e-3], 10)[2] == 2


def test_resampled_values_lie_on_the_old_lines():
    values = np.random.default_rng(3).normal(size=(4, 6)).astype(np.float32)
    found = resampled(values, 1, 9)
    for row, new in zip(values, found, strict=True):
        np.testing.assert_allclose(new, np.interp(np.linspace(0, 5, 9), range(6), row), atol=1e-6)
    np.testing.assert_array_equal(resampled(values, 0, 4), values)


def test_wrong_arguments():
    with pytest.raises(ConfigError, match=r"n_components is \[1, 2\]; give one number or three"):
        VMEncoder(n_components=[1, 2])
    with pytest.raises(ConfigError, match="VMEncoder: resolution is 1"):
        VMEncoder(resolution=1)
    with pytest.raises(ConfigError, match="n_components 0"):
        CPEncoder(n_components=0)
    with pytest.raises(ConfigError, match="the scene has 2 dimensions"):
        CPEncoder(n_dims=2)
