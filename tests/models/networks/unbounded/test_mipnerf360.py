"""mip-NeRF 360's network: its published size, one proposal for all earlier rounds, densities per unit, groups."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.integrated import IntegratedEncoder
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import make_space
from jnerf.models.networks.space.pieces import encoded_samples
from jnerf.models.networks.unbounded.mipnerf360 import MipNeRF360Network
from jnerf.samplers.proposal import ProposalSampler
from jnerf.structures import RayBundle

UNIT = np.float32([0, 0, 0, 1, 1, 1])


def network(aabb=UNIT, n_frequencies=4, **how):
    encoder = IntegratedEncoder(n_frequencies, basis="icosahedron", half_edge=2.0)
    how = {"hidden_width": 32, "n_layers": 3, "skip": 1, "bottleneck": 16, "color_width": 16} | how
    how = {"proposal_width": 16, "proposal_layers": 2, "precision": "fp32"} | how
    directions = FrequencyEncoder(4, input_range=(-1.0, 1.0))
    return MipNeRF360Network(encoder, directions, aabb, **how)


def rays(n=20, radius=0.002, images=None):
    random = np.random.default_rng(0)
    o, d = random.uniform(0.3, 0.7, (n, 3)), random.normal(size=(n, 3))
    arrays = (v.astype(np.float32) for v in (o, d / np.linalg.norm(d, axis=1, keepdims=True)))
    radii = None if radius is None else (lambda: jt.array(np.full((n, 1), radius, np.float32)))
    images = None if images is None else jt.array(np.int32(images))
    return RayBundle(*map(jt.array, arrays), images, radii)


def samples(net, step=3, counts=(16, 12, 8), trained=(), **given):
    how = {"spacing": "inverse", "span": (0.2, 1e6), "centres": True, "floor": 0.0, "seed": 1}
    return ProposalSampler(counts, **how)(rays(**given), FrozenField(net, trained), step)


def test_the_published_sizes():
    """9.0 million numbers: 504 features of 21 directions, 8 layers of 1024, a proposal of 4 of 256."""
    encoder = IntegratedEncoder(12, basis="icosahedron", half_edge=2.0)
    net = MipNeRF360Network(encoder, FrequencyEncoder(4, input_range=(-1.0, 1.0)), UNIT)
    trunk = 504 * 1024 + 6 * 1024**2 + (1024 + 504) * 1024 + 8 * 1024 + 1025 * 257
    color, proposal = 283 * 128 + 128 + 129 * 3, 504 * 256 + 3 * 256**2 + 4 * 256 + 257
    groups = net.param_groups()
    assert [p.numel() for p in groups["proposals"]] == [proposal]
    assert sum(p.numel() for p in groups[""]) == trunk + color
    assert trunk + color + proposal == pytest.approx(9.0e6, rel=0.01)


def test_weights_start_as_he_has_it():
    """+-root(6 / inputs) in every layer, the one that the position enters again among them; biases 0."""
    params = MLP([50, 40, 30, 8], biased=True, skip=2, he=True, seed=3).params.numpy()
    at = 0
    for n_in, n_out in ((50, 40), (40, 30), (80, 8)):
        weights, bound = params[at : at + n_in * n_out], np.sqrt(6 / n_in)
        at += n_in * n_out + n_out
        assert 0.97 * bound < np.abs(weights).max() <= bound
        assert weights.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
        assert (params[at - n_out : at] == 0).all()
    assert at == len(params)


def test_all_earlier_rounds_ask_one_proposal_and_each_is_asked_once():
    net = network()
    found = samples(net, trained=(0, 1))
    assert net.earlier_rounds == 2
    for earlier in found.history:
        output = net(earlier)
        assert output.rgbs is None and output.sigmas.numpy().std() > 0
        assert output.sigmas.numpy().tobytes() == earlier.features.sigmas.numpy().tobytes()
        np.testing.assert_array_equal(output.sigmas.numpy(), net.density_of(earlier)[0].numpy())
    last = net(found)
    assert last.rgbs.shape == [160, 3] and last.sigmas.shape == [160]
    zero = [np.zeros_like(p.numpy()) for p in net.param_groups()["proposals"]]
    for param, value in zip(net.param_groups()["proposals"], zero, strict=True):
        param.update(jt.array(value))
    np.testing.assert_array_equal(net(found).sigmas.numpy(), last.sigmas.numpy())
    same = net.density_of(found.history[0])[0].numpy()
    np.testing.assert_allclose(same, np.log1p(np.exp(-1)) * 2, rtol=1e-5)  # softplus(-1), per 0.5


@pytest.mark.parametrize("appearance", [0, 4, {"width": 4, "how": "affine"}])
def test_gradients_reach_each_part(appearance):
    net = network(appearance=appearance, n_images=3)
    found = samples(net, images=[0, 1] * 10)
    output = net(found)
    total = output.rgbs.sum() + output.sigmas.sum()
    total += sum(net(earlier).sigmas.sum() for earlier in found.history)
    params = [p for group in net.param_groups().values() for p in group]
    assert set(net.param_groups()) == {"", "proposals"} | ({"appearance"} if appearance else set())
    assert len(params) == 3 + (not appearance == 0) + isinstance(appearance, dict)
    assert all(g.numpy().any() and np.isfinite(g.numpy()).all() for g in jt.grad(total, params))


def test_a_density_is_per_half_edge_and_colours_reach_a_little_farther():
    x = np.random.default_rng(1).random((50, 3)).astype(np.float32)
    small = network().density(jt.array(x)).numpy()
    np.testing.assert_allclose(
        network(2 * UNIT).density(jt.array(2 * x)).numpy(), small / 2, rtol=1e-4
    )
    scaled = network(density_scale=3.0).density(jt.array(x)).numpy()
    np.testing.assert_allclose(scaled, 3 * small, rtol=1e-5)
    net = network(rgb_padding=0.25)
    found = samples(net)
    plain = network(rgb_padding=0.0)(found).rgbs.numpy()
    np.testing.assert_allclose(net(found).rgbs.numpy(), 1.5 * plain - 0.25, atol=1e-5)


def test_a_wide_piece_sees_less_detail():
    """The fine waves of its encoding are gone, in contracted space too."""
    net = network(n_frequencies=10)

    def waves(radius):
        where = samples(net, radius=radius), net.pos_encoder, make_space("contraction_l2", UNIT)
        return np.abs(encoded_samples(*where).numpy()).reshape(160, 10, 42).mean((0, 2))

    fine, coarse = waves(1e-5), waves(0.3)
    assert (coarse < fine).all() and coarse[0] > 0.8 * fine[0] and coarse[9] < 0.5 * fine[9]


def test_without_a_proposal_all_rounds_ask_the_large_one():
    net = network(proposals=0)
    found = samples(net)
    assert net.earlier_rounds is None and net(found.history[0]).rgbs is not None
    assert set(net.param_groups()) == {""} and found.history[0].features is None


def test_wrong_arguments_are_named():
    with pytest.raises(
        ConfigError, match=r"skip is 3; it must be None or in 1 .. n_layers - 1 = 2"
    ):
        network(skip=3)
    with pytest.raises(ConfigError, match="bottleneck is 0; it must be at least 1"):
        network(bottleneck=0)
    with pytest.raises(ConfigError, match="density_scale is 0 and rgb_padding 0.001"):
        network(density_scale=0)
    with pytest.raises(ConfigError, match="encodes pieces of pixels' cones, and these rays have"):
        samples(network(), radius=None)
