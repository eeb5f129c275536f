"""LODDistanceNetwork: a decoder for each level of detail, their blend, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.voxels.lod_distance import LODDistanceNetwork
from jnerf.ops.octree_interp import reference
from jnerf.structures import RayBundle, RaySamples

BOX = np.float32([-1, -1, -1, 1, 1, 1])


def encoder(**options):
    sizes = {
        "base_level": 1,
        "n_levels": 3,
        "n_features": 4,
        "combine": "concat",
        "init_scale": 1.0,
    }
    return OctreeEncoder(**(sizes | options))


def make(**options):
    return LODDistanceNetwork(encoder(), BOX, **({"hidden_width": 16} | options))


def samples(n=30):
    points = np.random.default_rng(0).uniform(-1, 1, (n, 3)).astype(np.float32)
    rays = RayBundle(jt.array(points), jt.zeros((n, 3)))
    t = jt.zeros((n,))
    return RaySamples(rays, t, t, jt.arange(n), jt.zeros((n, 2), "int32")), points


def decoded(network, points, lod):
    """NGLOD's formula in NumPy: f_l([x, sum of the features of LODs 0 .. l])."""
    unit = (points.astype(np.float64) + 1) / 2
    table, tree = network.pos_encoder.features.numpy().astype(np.float64), network.pos_encoder.tree
    x = np.concatenate([unit, reference.octree_interp(unit, table, tree, lod + 1)], axis=1)
    flat, widths = network.mlps[lod].params.numpy().astype(np.float64), network.mlps[lod].widths
    at = 0
    for i, (n_in, n_out) in enumerate(zip(widths[:-1], widths[1:], strict=True)):
        weights = flat[at : at + n_in * n_out].reshape(n_out, n_in).T
        at += n_in * n_out
        x = x @ weights + flat[at : at + n_out]
        at += n_out
        x = np.maximum(x, 0) if i + 2 < len(widths) else x
    assert at == len(flat)
    return x[:, 0]


def test_every_level_has_a_decoder_of_its_own():
    network, (where, points) = make(), samples()
    found = network(where).extras["sdf"].numpy()
    assert found.shape == (30, 3)
    for lod in range(3):
        np.testing.assert_allclose(found[:, lod], decoded(network, points, lod), atol=1e-4)
    assert sum(p.numel() for mlp in make(hidden_width=128).mlps for p in mlp.parameters()) == 3 * (
        (3 + 4) * 128 + 128 + 128 + 1
    )


@pytest.mark.parametrize("lod", [None, 0, 1, 0.25, 1.5])
def test_what_is_shown_is_a_level_or_a_blend_of_two(lod):
    network, (where, points) = make(lod=lod), samples()
    columns = network(where).extras["sdf"].numpy()
    shown = 2 if lod is None else lod
    low = int(shown)
    part = shown - low
    expected = (1 - part) * columns[:, low] + (part * columns[:, low + 1] if part else 0)
    np.testing.assert_allclose(network.sdf(jt.array(points)).numpy(), expected, atol=1e-5)


def test_all_levels_and_decoders_are_trained():
    network, (where, _) = make(), samples()
    loss = (network(where).extras["sdf"] ** 2).mean()
    groups = network.param_groups()[""]
    assert len(groups) == 3
    grads = jt.grad(loss, [network.pos_encoder.features, *groups])
    rows = network.pos_encoder.tree.row_starts
    table = grads[0].numpy()
    assert all((table[a:b] != 0).any() for a, b in zip(rows[:-1], rows[1:], strict=True))
    assert all((grad.numpy() != 0).any() for grad in grads[1:])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lod": 3}, "lod is 3; this octree has 0 .. 2"),
        ({"n_layers": 0}, "n_layers is 0"),
        ({"normal_step": 0.0}, "normal_step is 0.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)


@pytest.mark.parametrize(
    "options", [{"combine": "sum"}, {"random_lod": True}, {"initial_levels": 2}]
)
def test_encoders_that_do_not_fit(options):
    with pytest.raises(ConfigError, match="combine='concat'|trains all LODs at once"):
        LODDistanceNetwork(encoder(**options), BOX)
