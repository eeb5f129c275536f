"""NeRF's network: its layers, its rounds, its gradients."""

from types import SimpleNamespace

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.integrated import IntegratedEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.activations import softplus
from jnerf.models.networks.nerf import NeRFNetwork
from jnerf.ops.mlp.reference import unpack
from jnerf.structures import RayBundle, RaySamples

AABB = np.float32([0, 0, 0, 1, 1, 1])


def network(**kwargs):
    small = {"hidden_width": 16, "n_layers": 4, "skip": 2, "precision": "fp32"}
    encoders = FrequencyEncoder(3), FrequencyEncoder(2, input_range=(-1.0, 1.0))
    return NeRFNetwork(*encoders, AABB, **small | kwargs)


def samples(n=30, round=0, seed=0):
    random = np.random.default_rng(seed)
    d = random.normal(size=(3, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    return SimpleNamespace(
        positions=jt.array(random.random((n, 3)).astype(np.float32)).stop_grad(),
        rays=RayBundle(None, jt.array(d.astype(np.float32))),
        ray_indices=jt.array(np.repeat(np.arange(3), n // 3).astype(np.int32)),
        packed_info=jt.array(np.int32([[0, n // 3], [n // 3, n // 3], [2 * n // 3, n // 3]])),
        round=round,
        features=None,
    )


def layers(mlp):
    """(W, b) of each layer of an MLP."""
    return unpack(mlp.params.numpy(), mlp.widths, mlp.biased, mlp.skip)


def apply(mlp, x):
    h = x
    for i, (w, b) in enumerate(parts := layers(mlp)):
        h = (np.concatenate([h, x], 1) if i == mlp.skip else h) @ w.T + b
        h = np.maximum(h, 0) if i + 1 < len(parts) else h
    return h


@pytest.mark.parametrize("skip", [2, None])
def test_the_layers_are_those_of_the_paper(device, skip):
    net, given = network(skip=skip, density_bias=0.3, density_scale=2.0), samples()
    trunk = net.rounds[0]
    x = net.pos_encoder(given.positions).numpy()
    raw = apply(trunk.trunk, x)
    direction = net.dir_encoder(given.rays.rays_d).numpy()[given.ray_indices.numpy()]
    color = apply(trunk.color, np.concatenate([raw[:, 1:], direction], 1))
    out = net(given)
    sigmas = 2 * np.maximum(raw[:, 0] + 0.3, 0)
    np.testing.assert_allclose(out.sigmas.numpy(), sigmas, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(out.rgbs.numpy(), 1 / (1 + np.exp(-color)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(net.density_of(given)[0].numpy(), out.sigmas.numpy(), rtol=1e-5, atol=1e-6)  # fmt: skip
    assert [w.shape[0] for w, _ in layers(trunk.trunk)] == [16] * 4 + [17]
    again = x.shape[1] if skip else 0
    assert [w.shape[1] for w, _ in layers(trunk.trunk)] == [x.shape[1], 16, 16 + again, 16, 16]


def test_each_round_has_its_own_weights():
    net = network()
    coarse, fine = (net(samples(round=i)).sigmas.numpy() for i in (0, 1))
    assert not np.array_equal(coarse, fine)
    np.testing.assert_array_equal(net.density(samples().positions).numpy(), fine)
    grads = jt.grad(net(samples(round=0)).rgbs.sum(), net.parameters())
    moved = [bool((g.numpy() != 0).any()) for g in grads]
    assert sum(moved) == 2 and len(moved) == 4
    shared = network(rounds=1)
    both = [shared(samples(round=i)).sigmas.numpy() for i in (0, 1)]
    np.testing.assert_array_equal(*both)


def test_every_weight_gets_a_gradient():
    net = network(density_activation="softplus")
    outs = [net(samples(round=i)) for i in (0, 1)]
    total = sum((out.sigmas.sum() + (out.rgbs * out.rgbs).sum() for out in outs), jt.zeros((1,)).sum())  # fmt: skip
    params = net.param_groups()[""]
    assert len(params) == 4
    for grad in jt.grad(total, params):
        assert np.isfinite(grad.numpy()).all() and (grad.numpy() != 0).mean() > 0.2


def test_grouped_features_pass_the_skip():
    grid = HashGridEncoder(n_levels=4, log2_table_size=8, max_resolution=32)
    net = NeRFNetwork(grid, None, AABB, hidden_width=8, n_layers=3, skip=1)
    assert np.isfinite(net(samples()).rgbs.numpy()).all()


def test_an_encoder_of_gaussians_sees_the_pieces():
    """Samples of no width give what their midpoints give; wide ones do not; without cones it is an error."""
    net = NeRFNetwork(
        IntegratedEncoder(8), None, AABB, hidden_width=8, n_layers=2, skip=None, rounds=1
    )

    def given(half, radius):
        rays = RayBundle(
            jt.array(np.float32([[0.5, 0.5, 0]])),
            jt.array(np.float32([[0, 0, 1]])),
            radii_of=None if radius is None else lambda: jt.array(np.float32([[radius]])),
        )
        t = np.float32([0.2, 0.4, 0.6])
        starts, ends = jt.array(t - np.float32(half)), jt.array(t + np.float32(half))
        return RaySamples(
            rays, starts, ends, jt.array(np.int32([0] * 3)), jt.array(np.int32([[0, 3]]))
        )

    thin = net(given(1e-6, 1e-6)).sigmas.numpy()
    points = net.density(given(1e-6, 1e-6).positions).numpy()
    np.testing.assert_allclose(thin, points, rtol=1e-3, atol=1e-4)
    assert not np.allclose(net(given(0.1, 0.1)).sigmas.numpy(), thin, rtol=1e-3)
    wide = given(0.1, 0.1)
    np.testing.assert_array_equal(net.density_of(wide)[0].numpy(), net(wide).sigmas.numpy())
    with pytest.raises(ConfigError, match="IntegratedEncoder encodes pieces of pixels' cones"):
        net(given(0.1, None))


def test_padded_colours_reach_beyond_black_and_white():
    plain, padded = (network(rgb_padding=p)(samples()).rgbs.numpy() for p in (0.0, 0.01))
    np.testing.assert_allclose(padded, plain * 1.02 - 0.01, atol=1e-6)


def test_softplus_does_not_overflow():
    x = np.float32([-200, -20, -1, 0, 1, 20, 200])
    expected = np.logaddexp(0, x.astype(np.float64))
    np.testing.assert_allclose(softplus(jt.array(x)).numpy(), expected, rtol=1e-6, atol=1e-7)


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="skip is 4; it must be None or in 1 .. n_layers - 1 = 3"):
        network(skip=4)
    with pytest.raises(ConfigError, match="'elu'; choose one of relu, softplus, exp"):
        network(density_activation="elu")
    with pytest.raises(ConfigError, match="rounds is 0"):
        network(rounds=0)
