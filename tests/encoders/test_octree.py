"""OctreeEncoder: values, levels of detail, trees that change, state, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError
from jnerf.ops.octree_interp import morton, octree_of, reference
from jnerf.registry import ENCODERS

SMALL = {"base_level": 1, "n_levels": 3, "n_features": 4}


def make(**options):
    return ENCODERS.build({"type": "OctreeEncoder"} | SMALL | options, path="encoder", seed=3)


def positions(n=40, seed=0):
    return np.random.default_rng(seed).random((n, 3)).astype(np.float32)


@pytest.mark.parametrize("combine", ["sum", "concat"])
def test_values(device, combine):
    encoder, x = make(combine=combine), positions()
    assert encoder.out_dim == (12 if combine == "concat" else 4) and encoder.finest_cell == 1 / 8
    assert [tuple(p.shape) for p in encoder.parameters() if not p.is_stop_grad()] == [
        (27 + 125 + 729, 4)
    ]
    table = encoder.features.numpy()
    assert table.std() == pytest.approx(0.01, rel=0.1)
    found = encoder(jt.array(x)).numpy()
    expected = reference.octree_interp(x, table, encoder.tree, apart=combine == "concat")
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("combine", ["sum", "concat"])
def test_levels_of_detail(combine):
    encoder, x = make(combine=combine), jt.array(positions())
    whole = make(combine="concat")(x).numpy()
    for lod in range(3):
        found = encoder(x, lod=lod).numpy()
        if combine == "sum":
            np.testing.assert_allclose(found, whole[: lod + 1].sum(0), atol=1e-8)
        else:
            np.testing.assert_array_equal(found[: lod + 1], whole[: lod + 1])
            assert (found[lod + 1 :] == 0).all()
    with pytest.raises(ValueError, match=r"lod is 3; this encoder has 0 \.\. 2"):
        encoder(x, lod=3)


def test_a_random_level_of_detail_while_training_alone():
    encoder, x = make(random_lod=True, combine="concat"), jt.array(positions())
    seen = []
    for step in range(300):
        encoder.update(step)
        seen.append(
            int((encoder(x).numpy() != 0).any((1, 2)).sum()) if step < 40 else encoder._levels(None)
        )
    shares = np.bincount(seen, minlength=4)[1:] / len(seen)
    np.testing.assert_allclose(shares, np.array([1, 2, 4]) / 7, atol=0.08)
    again = make(random_lod=True, combine="concat")
    again.update(7)
    assert again._levels(None) == seen[7]
    encoder.eval()
    assert all((encoder.update(step), encoder._levels(None))[1] == 3 for step in range(30))


@pytest.mark.parametrize("combine", ["sum", "concat"])
def test_a_finer_level_changes_nothing_until_it_is_trained(combine):
    encoder, x = make(initial_levels=2, combine=combine), jt.array(positions())
    before = encoder(x).numpy()
    assert encoder.tree.depth == 2
    random = np.random.default_rng(0)
    old = encoder.features.numpy()
    encoder.retree(octree_of(random.choice(512, 400, False), 3, 1))
    assert encoder.tree.depth == 3 and not encoder.features.is_stop_grad()
    # what is still in the tree is as it was
    levels = reference.octree_interp(x.numpy(), encoder.features.numpy(), encoder.tree, apart=True)
    full = reference.octree_interp(
        x.numpy(), np.ones_like(encoder.features.numpy()), encoder.tree, apart=True
    )
    held = (full[:2, :, 0] > 0.99).all(0)
    assert held.any() and (levels[2] == 0).all()
    after = encoder(x).numpy()
    np.testing.assert_allclose(after[..., held, :], before[..., held, :], atol=1e-8)
    assert (old != 0).all() and len(encoder.features) == encoder.tree.n_rows


def test_pruned_corners_leave_and_the_others_stay():
    encoder = make()
    codes = morton(np.array([[1, 2, 3], [1, 2, 4]]))
    full, table = encoder.tree, encoder.features.numpy()
    encoder.retree(octree_of(codes, 3, 1))
    np.testing.assert_array_equal(encoder.features.numpy(), table[encoder.tree.rows_of(full)])
    outside = encoder(jt.array(np.float32([[0.9, 0.9, 0.9]]))).numpy()
    assert (outside == 0).all()


def test_what_is_known_is_what_is_asked_for():
    for combine in ("sum", "concat"):
        encoder, x = make(combine=combine, initial_levels=2), jt.array(positions())
        features = encoder(x)
        again = encoder.known(x, features.detach())
        np.testing.assert_array_equal(features.numpy(), again.numpy())
        grads = [jt.grad((f * f).sum(), encoder.features).numpy() for f in (features, again)]
        np.testing.assert_array_equal(*grads)
        pulled = encoder.pull(x, features, features.stop_grad())
        assert list(pulled.shape) == [40, 3] and np.isfinite(pulled.numpy()).all()


def test_the_tree_is_in_the_state():
    encoder = make()
    encoder.retree(octree_of(np.arange(100, 140), 3, 1))
    state = {name: var.numpy() for name, var in encoder.state_dict().items()}
    assert state["octree"].dtype == np.uint8 and set(state) == {"octree", "features"}
    other = make()
    assert other.fit_state(state) and not other.fit_state(state)
    assert other.features.shape == encoder.features.shape
    assert other.tree.codes[-1].tolist() == list(range(100, 140))
    damaged = {"octree": np.uint8([1, 0, 3])}
    assert not other.fit_state(damaged) and not other.fit_state({})
    deeper = {"octree": octree_of(np.array([0]), 4, 1).masks}
    assert not other.fit_state(deeper)  # one level more than the config has


def test_voxels_where_a_surface_is():
    def surface(n, seed):
        directions = np.random.default_rng(seed).normal(size=(n, 3))
        return 0.5 + 0.3 * directions / np.linalg.norm(directions, axis=1, keepdims=True)

    encoder = OctreeEncoder(**SMALL, voxels="surface", surface_samples=5000, surface=surface)
    middles = (encoder.tree.leaf_cells() + 0.5) / 8
    far = np.abs(np.linalg.norm(middles - 0.5, axis=1) - 0.3)
    assert 20 < encoder.tree.n_leaves < 400 and far.max() < 0.5 * np.sqrt(3) / 8
    with pytest.raises(ConfigError, match="this scene has no surface to take samples of"):
        make(voxels="surface")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_levels": 11}, "the finest level is 11; it must be 1 to 10"),
        ({"base_level": -1}, "base_level is -1"),
        ({"n_features": 65}, "n_features is 65"),
        ({"initial_levels": 4}, "initial_levels is 4"),
        ({"combine": "mean"}, "choose 'sum' or 'concat'"),
        ({"voxels": "some"}, "choose 'dense' or 'surface'"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        OctreeEncoder(**(SMALL | options))
