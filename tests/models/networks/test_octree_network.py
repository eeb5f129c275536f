"""OctreeNetwork: empty outside the leaves, pruning and growth, state, who fits together."""

import jittor as jt
import numpy as np
import pytest

from jnerf.benchmark.host.counts import Counting
from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError, TrainingError
from jnerf.models.networks.voxels.octree import OctreeNetwork
from jnerf.ops.octree_interp import octree_of
from jnerf.structures import RayBundle, RaySamples

BOX = np.float32([-1, -1, -1, 1, 1, 1])


def make(encoder=None, **options):
    if encoder is None:
        encoder = OctreeEncoder(base_level=2, n_levels=2, n_features=4, initial_levels=1)
    return OctreeNetwork(
        encoder, None, BOX, **({"hidden_width": 16, "precision": "fp32"} | options)
    )


def ball(network, radius=0.6, inside=100.0):
    """Gives the network a density that is a ball's."""

    def density(positions):
        far = (positions * positions).sum(1)
        return (far < radius * radius).float32() * inside

    network.density = density
    return network


def samples(n=30):
    random = np.random.default_rng(0)
    o = random.uniform(-1, 1, (n, 3)).astype(np.float32)
    rays = RayBundle(jt.array(o), jt.array(np.tile(np.float32([1, 0, 0]), (n, 1))))
    t = jt.zeros((n,))
    return RaySamples(rays, t, t, jt.arange(n), jt.zeros((n, 2), "int32"))


@pytest.mark.parametrize("activation", ["exp", "relu"])
def test_there_is_nothing_outside_the_leaves(activation):
    network, where = make(density_activation=activation), samples()
    network.pos_encoder.features.update(jt.randn(network.pos_encoder.features.shape))
    everywhere = network(where).sigmas.numpy()
    np.testing.assert_allclose(network.density(where.positions).numpy(), everywhere, rtol=1e-5)
    network.pos_encoder.retree(octree_of(np.arange(32), 2, 2))  # the lower half along z
    found = network(where).sigmas.numpy()
    inside = where.positions.numpy()[:, 2] < 0
    assert (found[~inside] == 0).all() and 5 < inside.sum() < 25
    np.testing.assert_allclose(found[inside], everywhere[inside], rtol=1e-5)
    assert (found >= 0).all() and found.max() > 0
    again = network.look(where.positions)
    np.testing.assert_allclose(again[0].numpy(), found, rtol=1e-5)


def test_jittor_has_no_part_in_what_leaves_hold():
    """Trees have other leaves than all from some step on, which the counted steps of whole methods do not reach."""
    network, where = make(density_activation="exp"), samples()
    network.pos_encoder.retree(octree_of(np.arange(32), 2, 2))
    positions = where.positions.stop_grad()
    jt.sync_all(True)
    with Counting() as counting:
        jt.sync([network.density(positions)])
    assert counting.counts.kernels["octree_interp.octree_keep"] == 1
    assert counting.counts.own == 0, counting.counts.kernels


def test_it_prunes_and_grows_where_the_density_is():
    network = ball(make(grow_steps=[4], prune_steps=[8], dilation=0))
    assert not network.refine(3) and network.octree().depth == 2
    assert network.refine(4) and network.octree().depth == 3
    tree = network.octree()
    middles = (tree.leaf_cells() + 0.5) / 8 * 2 - 1
    cells = np.stack(np.meshgrid(*[np.arange(8)] * 3), -1).reshape(-1, 3)
    expected = (np.linalg.norm((cells + 0.5) / 4 - 1, axis=1) < 0.6).sum()
    assert (np.linalg.norm(middles, axis=1) < 0.6).all() and tree.n_leaves == expected
    ball(network, 0.3)
    assert network.refine(8) and network.octree().depth == 3
    assert 0 < network.octree().n_leaves < tree.n_leaves
    assert not network.refine(9)
    wide = ball(make(grow_steps=[4], dilation=1))
    wide.refine(4)
    assert wide.octree().n_leaves > tree.n_leaves


def test_pruning_everything_says_what_to_do():
    network = ball(make(prune_steps=[1]), inside=1e-6)
    with pytest.raises(TrainingError, match="leaves none of 64 voxels.*Lower network.prune_alpha"):
        network.refine(1)


def test_a_state_of_another_tree_fits():
    network = ball(make(grow_steps=[1]))
    network.refine(1)
    state = {name: var.numpy() for name, var in network.state_dict().items()}
    other = make(grow_steps=[1])
    assert other.fit_state(state) and other.octree().n_leaves == network.octree().n_leaves
    assert {n: v.shape for n, v in other.state_dict().items()} == {
        n: v.shape for n, v in network.state_dict().items()
    }
    assert not other.fit_state({"density_mlp.params": np.zeros(3)})
    assert network.stats["depth"] == 3 and 0 < network.stats["share"] < 1


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"encoder": DenseGridEncoder(4, 2)},
            "pos_encoder is a DenseGridEncoder; it must be an octree's",
        ),
        ({"density_activation": "softplus"}, "choose 'exp' or 'relu'"),
        ({"grow_steps": [5, 3]}, r"grow_steps are \[5, 3\]; they must rise"),
        ({"grow_steps": [3, 5]}, "but the encoder has 1 levels to grow"),
        ({"prune_alpha": 1.0}, "prune_alpha is 1.0"),
        ({"hidden_width": 0}, "hidden_width is 0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)
