"""CodebookEncoder: the chosen entries, learning, growth, sizes."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.codebook import CodebookEncoder, plain_bits, sizes
from jnerf.errors import ConfigError
from jnerf.ops.octree_interp import octree_of, reference

SMALL = {"base_level": 1, "n_levels": 2, "n_features": 4, "bits": 2}


def test_values_are_those_of_the_chosen_entries(device):
    encoder = CodebookEncoder(**SMALL, init_scale=1.0, logit_scale=1.0)
    logits, books = encoder.logits.numpy(), encoder.codebooks.numpy()
    assert logits.shape == (27 + 125, 4) and books.shape == (2, 4, 4)
    keys = np.argmax(logits, axis=1)
    assert encoder.keys().tolist() == keys.tolist() and encoder.keys().dtype == np.uint8
    table = np.concatenate([books[0][keys[:27]], books[1][keys[27:]]])
    np.testing.assert_array_equal(encoder.table().numpy(), table)
    x = np.random.default_rng(0).random((30, 3)).astype(np.float32)
    found = encoder(jt.array(x)).numpy()
    np.testing.assert_allclose(found, reference.octree_interp(x, table, encoder.tree), atol=1e-5)


def test_it_learns_which_entry_and_what_is_in_it(device):
    """Two values on two sides: what only another choice, and another entry, can give."""
    encoder = CodebookEncoder(
        base_level=2, n_levels=1, n_features=1, bits=1, init_scale=0.1, logit_scale=0.1
    )
    x = np.random.default_rng(1).random((600, 3)).astype(np.float32)
    x = x[np.abs(x[:, 0] - 0.5) > 0.25]
    target = jt.array(np.where(x[:, :1] < 0.5, -1, 2).astype(np.float32))
    for _ in range(150):
        loss = ((encoder(jt.array(x)) - target) ** 2).mean()
        to_logits, to_books = jt.grad(loss, [encoder.logits, encoder.codebooks])
        encoder.logits.update(encoder.logits - 50 * to_logits)
        encoder.codebooks.update(encoder.codebooks - 0.3 * to_books)
    assert loss.item() < 0.02
    np.testing.assert_allclose(np.sort(encoder.codebooks.numpy().ravel()), [-1, 2], atol=0.1)


def test_it_grows_and_fits_a_state():
    encoder = CodebookEncoder(**SMALL, initial_levels=1)
    before = encoder.logits.numpy()
    assert encoder.tree.n_levels == 1 and len(before) == 27
    old = encoder.tree
    encoder.retree(octree_of(np.arange(40), 2, 1))
    rows = encoder.tree.rows_of(old)
    after = encoder.logits.numpy()
    np.testing.assert_array_equal(after[rows >= 0], before[rows[rows >= 0]])
    new = after[rows < 0]
    assert new.std() == pytest.approx(0.01, rel=0.2) and not encoder.logits.is_stop_grad()
    state = {name: var.numpy() for name, var in encoder.state_dict().items()}
    other = CodebookEncoder(**SMALL, initial_levels=1)
    assert other.fit_state(state) and other.logits.shape == encoder.logits.shape


def test_sizes():
    encoder = CodebookEncoder(base_level=2, n_levels=2, n_features=16, bits=4)
    rows = 125 + 729
    parts = sizes(encoder.tree, 4, 16)
    assert parts == {"keys": rows * 4, "codebooks": 2 * 16 * 16 * 16, "tree": (1 + 8 + 64) * 8}
    assert plain_bits(encoder.tree, 16) == rows * 256
    assert encoder.stats["bits"] == sum(parts.values())
    assert encoder.stats["ratio"] == pytest.approx(rows * 256 / sum(parts.values()))


def test_wrong_options():
    with pytest.raises(ConfigError, match="bits is 9; it must be 1 to 8"):
        CodebookEncoder(**(SMALL | {"bits": 9}))
