"""A codebook's file: what is read is what was written, its size, damage."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.codebook import CodebookEncoder
from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError, DataError
from jnerf.export.codebook import pack, ratio, read_codebook, write_codebook
from jnerf.models.networks.voxels.octree import OctreeNetwork
from jnerf.ops.octree_interp import octree_of

UNIT = np.float32([0, 0, 0, 1, 1, 1])


def make(bits=4, encoder=None, seed=0):
    encoder = encoder or CodebookEncoder(
        base_level=2,
        n_levels=3,
        n_features=16,
        bits=bits,
        init_scale=1.0,
        initial_levels=2,
        seed=seed,
    )
    return OctreeNetwork(encoder, None, UNIT, hidden_width=16, precision="fp32", seed=seed)


def grown(bits=4):
    network = make(bits)
    leaves = np.random.default_rng(0).choice(8**4, 1200, False)
    network.pos_encoder.retree(octree_of(leaves, 4, 2))
    return network


@pytest.mark.parametrize("bits", [1, 4, 6, 8])
def test_what_is_read_is_what_was_written(tmp_path, bits):
    network, path = grown(bits), tmp_path / "a.jcb"
    packed = pack(network)
    n_bytes = write_codebook(path, packed)
    found = read_codebook(path)
    assert path.stat().st_size == n_bytes
    encoder = network.pos_encoder
    books = encoder.codebooks.numpy().astype(np.float16).astype(np.float32)
    levels = np.repeat(np.arange(3), np.diff(encoder.tree.row_starts))
    np.testing.assert_array_equal(found.features(), books[levels, encoder.keys()])
    np.testing.assert_array_equal(found.tree.masks, encoder.tree.masks)
    assert set(found.weights) == {"density_mlp.params", "color_mlp.params"}
    for name, array in found.weights.items():
        np.testing.assert_array_equal(array, packed.weights[name])


def test_a_network_answers_from_the_file(tmp_path):
    network = grown()
    write_codebook(tmp_path / "a.jcb", pack(network))
    other = make(seed=5)
    read_codebook(tmp_path / "a.jcb").put_into(other)
    x = jt.array(np.random.default_rng(1).random((500, 3)).astype(np.float32))
    expected, found = network.density(x).numpy(), other.density(x).numpy()
    assert (expected > 0).any() and (expected == 0).any()
    np.testing.assert_allclose(found, expected, rtol=2e-2)
    with pytest.raises(ConfigError, match="the file holds codebooks"):
        read_codebook(tmp_path / "a.jcb").put_into(make(bits=5))


def test_its_size_is_that_of_the_formula(tmp_path):
    """Keys, codebooks, tree and network, as bits; nothing hidden, and little around it."""
    network = grown()
    n_bytes = write_codebook(tmp_path / "a.jcb", pack(network))
    encoder = network.pos_encoder
    n_weights = sum(p.numel() for p in (network.density_mlp.params, network.color_mlp.params))
    most = (encoder.stats["bits"] + n_weights * 16) / 8
    assert 0.8 * most < n_bytes < most + 700
    assert ratio(pack(network), n_bytes) == pytest.approx(encoder.tree.n_rows * 16 * 2 / n_bytes)


def test_damaged_files_are_noticed(tmp_path):
    path = tmp_path / "a.jcb"
    write_codebook(path, pack(grown()))
    data = path.read_bytes()
    for broken in (data[:-5], data[:40], data + b"x", data[:8] + b"\xff\xff\xff\x7f" + data[12:]):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="is damaged"):
            read_codebook(path)
    path.write_bytes(b"PLY")
    with pytest.raises(DataError, match="no codebook file"):
        read_codebook(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_codebook(tmp_path / "none.jcb")


def test_a_network_without_a_codebook_is_an_error():
    with pytest.raises(ConfigError, match="has no codebooks to pack"):
        pack(make(encoder=OctreeEncoder(base_level=1, n_levels=1)))
