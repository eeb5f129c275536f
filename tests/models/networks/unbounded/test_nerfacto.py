"""nerfacto's network: densities per unit, proposals asked once, nothing outside a box, appearance of rays."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.spherical_harmonics import SphericalHarmonicsEncoder
from jnerf.engine.pipeline.field import FrozenField, output_at
from jnerf.errors import ConfigError
from jnerf.models.networks.unbounded.nerfacto import NerfactoNetwork
from jnerf.models.per_image.appearance import Appearance
from jnerf.samplers.proposal import ProposalSampler
from jnerf.structures import RayBundle

UNIT = np.float32([0, 0, 0, 1, 1, 1])


def network(aabb=UNIT, **how):
    def grid(seed):
        sizes = {"n_levels": 4, "log2_table_size": 10, "max_resolution": 64, "init_scale": 1.0}
        return HashGridEncoder(**sizes, seed=seed)

    encoders = {"pos_encoder": grid(0), "proposal_0": grid(1), "proposal_1": grid(2)}
    how = {"precision": "fp32", "n_images": 3, "hidden_width": 32} | how
    directions = SphericalHarmonicsEncoder(degree=4)
    return NerfactoNetwork(encoders["pos_encoder"], directions, encoders, aabb, **how)


def rays(n=20, images=None):
    random = np.random.default_rng(0)
    o, d = random.uniform(0.3, 0.7, (n, 3)), random.normal(size=(n, 3))
    arrays = (v.astype(np.float32) for v in (o, d / np.linalg.norm(d, axis=1, keepdims=True)))
    return RayBundle(*map(jt.array, arrays), None if images is None else jt.array(np.int32(images)))


def samples(net, step=3, trained=(), **given):
    return ProposalSampler([16, 12, 8], seed=1)(rays(**given), FrozenField(net, trained), step)


def test_every_round_has_a_density_of_its_own_and_is_asked_once():
    net = network()
    found = samples(net, trained=(0, 1))
    for earlier in found.history:
        again = net.density_of(earlier)[0].numpy()
        output = net(earlier)
        np.testing.assert_array_equal(output.sigmas.numpy(), again)
        assert output.rgbs is None and again.std() > 0
        handed = output_at(net, earlier)
        assert handed is earlier.features
        assert output.sigmas.numpy().tobytes() == handed.sigmas.numpy().tobytes()
    last = net(found)
    assert last.rgbs.shape == [160, 3]
    np.testing.assert_allclose(
        last.sigmas.numpy(), net.density(found.positions).numpy(), rtol=1e-5, atol=1e-7
    )


def test_gradients_reach_each_part():
    net = network(appearance=4)
    found = samples(net, images=[0, 1] * 10)
    output = net(found)
    total = (
        output.rgbs.sum() + output.sigmas.sum() + sum(net(s).sigmas.sum() for s in found.history)
    )
    groups = net.param_groups()
    assert set(groups) == {"", "proposals", "appearance"} and len(groups["proposals"]) == 2
    tables = [encoder.table for encoder in net.encoders() if hasattr(encoder, "table")]
    params = [p for group in groups.values() for p in group] + tables
    assert len({id(p) for p in params}) == len(params)
    grads = [g.numpy() for g in jt.grad(total, params)]
    assert len(tables) == 3 and all(g.any() and np.isfinite(g).all() for g in grads)


def test_a_density_is_per_half_edge_and_its_factor_is_told():
    """The same network in a box twice as large is half as dense per field unit at the same place of the cube."""
    x = np.random.default_rng(1).random((50, 3)).astype(np.float32)
    small = network().density(jt.array(x)).numpy()
    large = network(2 * UNIT).density(jt.array(2 * x)).numpy()
    np.testing.assert_allclose(large, small / 2, rtol=1e-4)
    thick = network(initial_density=1.0).density(jt.array(x)).numpy()
    np.testing.assert_allclose(thick, small * 100, rtol=1e-4)
    assert 0.003 < np.median(small) < 0.1


def test_outside_a_box_nothing_is_and_outside_of_contracted_space_there_is_no_outside():
    far = jt.array(np.float32([[5, 0.5, 0.5], [0.5, -0.1, 0.5], [0.5, 0.5, 0.5]]))
    found = network(space="box").density(far).numpy()
    assert found[:2].tolist() == [0, 0] and found[2] > 0
    assert (network().density(far).numpy() > 0).all()


@pytest.mark.parametrize("test", ["mean", "zeros"])
def test_rays_without_an_image_take_the_mean_or_zeros(test):
    table = Appearance(3, 15, 4, test=test, seed=1)
    np.testing.assert_array_equal(
        table(rays(4, images=[2, 0, 0, 1])).numpy(), table.table.numpy()[[2, 0, 0, 1]]
    )
    right = table.table.numpy().mean(0) if test == "mean" else np.zeros(4)
    np.testing.assert_allclose(table(rays(2)).numpy(), [right] * 2, atol=1e-6)


def test_without_proposals_all_rounds_ask_the_field():
    net = network(proposals=[])
    found = samples(net)
    assert net.earlier_rounds is None and net(found.history[0]).rgbs is not None
    assert set(net.param_groups()) == {""}


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="initial_density is 0; it must be above 0"):
        network(initial_density=0)
    with pytest.raises(ConfigError, match="appearance is -1; it must be at least 0"):
        network(appearance=-1)
    with pytest.raises(ConfigError, match="appearance.test is 'none'; choose one of mean, zeros"):
        network(appearance={"width": 2, "test": "none"})


def test_the_gradient_of_appearance_has_the_same_bits_for_any_number_of_threads():
    table = Appearance(3, 15, 32, seed=1)
    random = np.random.default_rng(0)
    bundle = rays(4096, images=random.integers(0, 3, 4096))
    cotangent = jt.array(random.normal(size=(4096, 32)).astype(np.float32))

    def gradient():
        return jt.grad((table(bundle) * cotangent).sum(), table.table).numpy()

    one, *others = (with_threads(n, gradient) for n in (1, 2, 2, 2))
    assert all(one.tobytes() == other.tobytes() for other in others)
