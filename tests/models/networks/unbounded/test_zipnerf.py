"""Zip-NeRF's network: what it sees of samples, densities, both kinds of colour MLP, gradients, its losses."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.multisample import MultisampleHashEncoder
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError
from jnerf.models.losses.hash_decay import HashDecayLoss
from jnerf.models.networks.unbounded.zipnerf import ZipNeRFNetwork
from jnerf.samplers.proposal import ProposalSampler
from jnerf.structures import RayBundle

UNIT = np.float32([0, 0, 0, 1, 1, 1])
SMALL = {"skip": None, "biased": False, "color_layers": 2}


def grid(seed, n_features=1, **how):
    sizes = {"n_levels": 4, "log2_table_size": 10, "max_resolution": 128, "init_scale": 0.1}
    return MultisampleHashEncoder(**sizes | how, n_features=n_features, seed=seed)


def network(make=grid, **how):
    encoders = {"pos_encoder": make(0, 4), "proposal_0": make(1), "proposal_1": make(2)}
    how = {"precision": "fp32", "hidden_width": 16, "bottleneck": 15, "color_width": 32} | how
    directions = FrequencyEncoder(4, input_range=(-1.0, 1.0))
    return ZipNeRFNetwork(encoders["pos_encoder"], directions, encoders, UNIT, **how)


def rays(n=20, radius=0.01, trained=False):
    random = np.random.default_rng(0)
    o, d = random.uniform(0.3, 0.7, (n, 3)), random.normal(size=(n, 3))
    arrays = (v.astype(np.float32) for v in (o, d / np.linalg.norm(d, axis=1, keepdims=True)))
    given = [jt.array(a) for a in arrays]
    given = given if trained else [v.stop_grad() for v in given]
    return RayBundle(*given, radii_of=lambda: jt.ones((n, 1)) * radius, trained=trained)


def samples(net, step=3, **given):
    sampler = ProposalSampler(
        [16, 12, 8], "power_ladder", (0.2, 1e6), centres=True, floor=0.0, seed=1
    )
    return sampler(rays(**given), FrozenField(net), step)


@pytest.mark.parametrize("how", [SMALL, {}], ids=["fused", "published"])
def test_every_round_has_a_density_of_its_own_and_all_parts_learn(how):
    net = network(**how)
    found = samples(net)
    for earlier in found.history:
        output = net(earlier)
        assert output.rgbs is None and output.sigmas.numpy().std() > 0
        np.testing.assert_allclose(
            output.sigmas.numpy(), net.density_of(earlier)[0].numpy(), rtol=1e-5
        )
    last = net(found)
    assert last.rgbs.shape == [160, 3]
    np.testing.assert_allclose(
        last.sigmas.numpy(), net.density_of(found)[0].numpy(), rtol=1e-4, atol=1e-6
    )
    total = last.rgbs.sum() + last.sigmas.sum() + sum(net(s).sigmas.sum() for s in found.history)
    groups = net.param_groups()
    assert set(groups) == {"", "proposals"}
    tables = [encoder.table for encoder in net.encoders() if hasattr(encoder, "table")]
    params = [p for group in groups.values() for p in group] + tables
    grads = [g.numpy() for g in jt.grad(total, params)]
    assert len(tables) == 3 and all(g.any() and np.isfinite(g).all() for g in grads)


@pytest.mark.parametrize("how", [SMALL, {}], ids=["fused", "published"])
def test_proposals_start_and_have_biases_as_the_field(how):
    net = network(**how, proposal_width=64)
    for mlp in net.proposals.mlps:
        assert mlp.biased == net.density_mlp.biased == how.get("biased", True)
        n_in, n_out = mlp.widths[:2]
        first = mlp.params.numpy()[: n_in * n_out]
        bound = np.sqrt(6 / (n_in if mlp.biased else n_in + n_out))
        assert 0.97 * bound < np.abs(first).max() <= bound


def test_colours_reach_a_little_beyond_their_range_and_densities_begin_at_one_over_e():
    net = network(lambda seed, f=1: grid(seed, f, init_scale=0.0))
    sigmas = net.density(jt.array(np.random.default_rng(0).random((50, 3), dtype=np.float32)))
    np.testing.assert_allclose(sigmas.numpy(), np.exp(-1) / 0.5, rtol=1e-5)
    net = network(rgb_padding=0.25)
    net.color_mlp.params.update(net.color_mlp.params * 1000)
    rgbs = net(samples(net)).rgbs.numpy()
    assert rgbs.min() == pytest.approx(-0.25, abs=0.01) and rgbs.max() == pytest.approx(
        1.25, abs=0.01
    )


def test_what_is_seen_depends_on_the_width_of_the_ray():
    net = network()
    thin = samples(net, radius=1e-9)
    a, b, c = (
        net.density_of(replace(thin, rays=rays(radius=radius)))[0].numpy()
        for radius in (1e-9, 1e-7, 0.2)
    )
    np.testing.assert_allclose(a, b, rtol=1e-3)
    assert np.abs(np.log(a / c)).max() > 0.1


def test_turns_are_random_in_training_alone():
    net = network()
    found = samples(net, radius=0.1)
    assert found.step == 3 and all(s.step == 3 for s in found.history)

    def seen(step):
        return net.density_of(replace(found, step=step))[0].numpy()

    np.testing.assert_array_equal(seen(3), seen(3))
    np.testing.assert_array_equal(seen(None), seen(None))
    assert (seen(3) != seen(4)).any() and (seen(3) != seen(None)).any()
    assert samples(net, step=None).step is None


def test_other_grids_do_and_rays_without_radii_are_refused():
    def plain(seed, n_features=1):
        return HashGridEncoder(4, n_features, 10, 16, 64, init_scale=0.1, seed=seed)

    net = network(plain, **SMALL)
    found = samples(net)
    assert net(found).rgbs.shape == [160, 3]
    bare = RayBundle(found.rays.rays_o, found.rays.rays_d)
    with pytest.raises(ConfigError, match="MultisampleHashEncoder encodes pieces of pixels' cones"):
        network()(replace(found, rays=bare, history=()))


def test_gradients_reach_rays():
    net = network()
    found = samples(net, trained=True)
    grads = jt.grad(net(found).sigmas.sum(), [found.rays.rays_o, found.rays.rays_d])
    for grad in (g.numpy() for g in grads):
        assert np.isfinite(grad).all() and np.abs(grad).max(axis=1).min() > 0


def test_outside_a_box_nothing_is():
    found = samples(network(space="box"))
    sigmas = network(space="box")(found).sigmas.numpy()
    x = found.positions.numpy()
    inside = ((x >= 0) & (x <= 1)).all(1)
    assert 0 < inside.sum() < len(inside)
    assert (sigmas[~inside] == 0).all() and (sigmas[inside] > 0).all()


@pytest.mark.parametrize(
    "how, text",
    [
        ({"skip": 4}, "skip is 4; it must be None or in 1 .. color_layers = 3"),
        ({"bottleneck": 0}, "bottleneck is 0; it must be at least 1"),
    ],
)
def test_wrong_arguments(how, text):
    with pytest.raises(ConfigError, match=text):
        network(**how)


def test_decay_is_half_the_mean_square_of_each_level_of_each_grid():
    net = network()
    assert "level_squares" in net.offered()
    loss, expected = HashDecayLoss(weight=0.1), 0.0
    tables = [encoder for encoder in net.encoders() if hasattr(encoder, "table")]
    for encoder in tables:
        for level in np.split(encoder.table.numpy(), encoder.layout.offsets[1:-1]):
            expected += 0.1 * 0.5 * (level.astype(np.float64) ** 2).mean()
    value = loss.of_field(net, 0)
    assert value.item() == pytest.approx(expected, rel=1e-5)
    grad = jt.grad(value, tables[0].table).numpy()
    first = tables[0].layout.offsets[1]
    right = 0.1 * tables[0].table.numpy()[:first] / (first * tables[0].layout.n_features)
    np.testing.assert_allclose(grad[:first], right, rtol=1e-4)
