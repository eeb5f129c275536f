"""Encoders whose tables are read in 16 bits: what they give, what is trained and saved, and what they refuse."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.multisample import MultisampleHashEncoder
from jnerf.errors import ConfigError
from jnerf.ops.half_copy.reference import rounded

SMALL = {"n_levels": 4, "log2_table_size": 9, "min_resolution": 4, "max_resolution": 32}
ENCODERS = {
    "hash": lambda **how: HashGridEncoder(**SMALL, init_scale=1.0, **how),
    "levels": lambda **how: HashGridEncoder(**SMALL, init_scale=1.0, active_levels=2, **how),
    "multisample": lambda **how: MultisampleHashEncoder(
        **SMALL, init_scale=1.0, size_feature=False, **how
    ),
}
KINDS = pytest.mark.parametrize(
    "kind, precision", [(k, p) for k in ENCODERS for p in ("float16", "bfloat16")]
)


def positions(n=100):
    return jt.array(np.random.default_rng(0).random((n, 3)).astype(np.float32))


def expected(encoder, kind, precision):
    """What an encoder in float32 gives whose table holds the rounded numbers of this one's present table."""
    other = ENCODERS[kind]()
    other.table.update(jt.array(rounded(encoder.table.numpy(), precision)))
    return other


@KINDS
def test_features_are_those_of_the_rounded_table_whatever_is_put_into_it(device, kind, precision):
    encoder, x = ENCODERS[kind](table_precision=precision), positions()
    initial = encoder(x).numpy()
    np.testing.assert_allclose(initial, expected(encoder, kind, precision)(x).numpy(), atol=1e-6)
    assert (initial != ENCODERS[kind]()(x).numpy()).any()  # it is not the table itself that is read
    encoder.load_parameters({"table": encoder.table.numpy()[::-1] * 3})
    found = encoder(x).numpy()
    np.testing.assert_allclose(found, expected(encoder, kind, precision)(x).numpy(), atol=1e-5)
    assert np.abs(found - initial).max() > 0.1


@KINDS
def test_the_table_is_what_is_trained_and_saved(kind, precision):
    encoder, plain = ENCODERS[kind](table_precision=precision), ENCODERS[kind]()
    encoder(positions()).sync()
    names = [name for name, _ in encoder.named_parameters()]
    assert names == [name for name, _ in plain.named_parameters()]
    assert set(encoder.state_dict()) == set(plain.state_dict())
    assert encoder.table.dtype == "float32"
    np.testing.assert_array_equal(encoder.table.numpy(), plain.table.numpy())


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_known_features_and_pulling_back_take_the_rounded_table(device, precision):
    encoder = ENCODERS["hash"](table_precision=precision, interpolation="smoothstep")
    other = HashGridEncoder(**SMALL, init_scale=1.0, interpolation="smoothstep")
    other.table.update(jt.array(rounded(encoder.table.numpy(), precision)))
    x = positions()
    features = other(x).detach()
    of_known = [jt.grad((e.known(x, features) ** 2).sum(), [x, e.table]) for e in (encoder, other)]
    of_pulled = [e.pull(x, features, features).numpy() for e in (encoder, other)]
    for one, two in (*zip(*of_known, strict=True), of_pulled):
        np.testing.assert_allclose(np.array(one), np.array(two), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("wrong", ["fp16", "float64", "", None, 16])
def test_other_precisions_are_refused(kind, wrong):
    with pytest.raises(ConfigError, match="table_precision is .*; choose 'float32', 'float16' or"):
        ENCODERS[kind](table_precision=wrong)
