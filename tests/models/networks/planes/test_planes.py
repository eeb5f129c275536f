"""Explicit K-Planes, EG3D's decoder, and the loss of the planes' variation: what they say, and what is refused."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.base import as_rows
from jnerf.encoders.spherical_harmonics import SphericalHarmonicsEncoder
from jnerf.encoders.triplane import TriplaneEncoder
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError
from jnerf.models.losses.plane_variation import PlaneVariationLoss
from jnerf.models.networks.ngp import NGPNetwork
from jnerf.models.networks.planes.eg3d import EG3DNetwork
from jnerf.models.networks.planes.explicit import ExplicitPlanesNetwork
from jnerf.samplers.proposal import ProposalSampler
from jnerf.samplers.uniform import UniformSampler
from jnerf.structures import RayBundle

BOX = np.float32([0, 0, 0, 1, 1, 1])


def planes(seed=0, **how):
    return TriplaneEncoder([6, 9], 4, seed=seed, **how)


def rays(n=20):
    random = np.random.default_rng(0)
    o, d = random.uniform(0.3, 0.7, (n, 3)), random.normal(size=(n, 3))
    arrays = (v.astype(np.float32) for v in (o, d / np.linalg.norm(d, axis=1, keepdims=True)))
    return RayBundle(*map(jt.array, arrays))


def uniform_samples(net):
    return UniformSampler(8, aabb=BOX)(rays(), FrozenField(net), 0)


def explicit(**how):
    encoders = {"pos_encoder": planes(), "a": planes(1), "b": planes(2)}
    how = {"precision": "fp32", "basis_width": 16, "basis_layers": 2} | how
    return ExplicitPlanesNetwork(encoders["pos_encoder"], encoders, BOX, **how)


def test_explicit_planes_are_linear_in_their_features(device):
    net = explicit(initial_density=0.5)
    samples = uniform_samples(net)
    output = net(samples)
    features = as_rows(net.pos_encoder(samples.positions)).numpy().astype(np.float64)
    row = net.density_row.params.numpy()[: features.shape[1]]
    # half an edge is the unit
    np.testing.assert_allclose(output.sigmas.numpy(), np.exp(features @ row) * 0.5 / 0.5, rtol=1e-4)
    basis = net.basis(samples.rays.rays_d).numpy().reshape(len(samples.rays), 3, -1)
    dots = np.einsum("sc,soc->so", features, basis[samples.ray_indices.numpy()])
    np.testing.assert_allclose(output.rgbs.numpy(), 1 / (1 + np.exp(-dots)), rtol=1e-4)
    np.testing.assert_allclose(
        net.density(samples.positions).numpy(), output.sigmas.numpy(), rtol=1e-5
    )


def test_explicit_colours_depend_on_the_direction_through_the_basis_alone(device):
    net = explicit(dir_encoder=SphericalHarmonicsEncoder(degree=2))
    samples = uniform_samples(net)
    groups = [net.pos_encoder.planes, net.density_row.params, net.basis.params]
    output = net(samples)
    grads = [g.numpy() for g in jt.grad(output.rgbs.sum() + output.sigmas.sum(), groups)]
    assert all(np.isfinite(g).all() and np.abs(g).max() > 0 for g in grads)


def test_proposals_of_explicit_planes_are_linear(device):
    net = explicit(proposals=["a", "b"])
    assert net.earlier_rounds == 2 and [m.widths for m in net.proposals.mlps] == [(8, 16)] * 2
    found = ProposalSampler([16, 12, 8], span=(0.1, 2.0), spacing="linear")(
        rays(), FrozenField(net), 3
    )
    outputs = [net(earlier) for earlier in found.history]
    assert all(o.rgbs is None and o.sigmas.numpy().std() > 0 for o in outputs)
    assert net(found).rgbs.shape == [160, 3]
    assert set(net.param_groups()) == {"", "proposals"}


def test_eg3d_decodes_as_published(device):
    net = EG3DNetwork(
        planes(combine="mean"), BOX, hidden_width=5, density_scale=3.0, precision="fp32"
    )
    random = np.random.default_rng(0)
    for mlp in (net.hidden, net.last):
        mlp.params.update(jt.array(random.normal(size=mlp.params.shape[0]).astype(np.float32)))
    samples = uniform_samples(net)
    output = net(samples)
    features = as_rows(net.pos_encoder(samples.positions)).numpy().astype(np.float64)
    first, last = net.hidden.params.numpy(), net.last.params.numpy()
    hidden = np.log1p(np.exp(features @ first[:40].reshape(5, 8).T + first[40:]))
    decoded = hidden @ last[:20].reshape(4, 5).T + last[20:]
    np.testing.assert_allclose(
        output.sigmas.numpy(), 3 * np.log1p(np.exp(decoded[:, 0] - 1)), rtol=1e-4
    )
    rgbs = 1.002 / (1 + np.exp(-decoded[:, 1:])) - 0.001
    np.testing.assert_allclose(output.rgbs.numpy(), rgbs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        net.density(samples.positions).numpy(), output.sigmas.numpy(), rtol=1e-5
    )


def test_the_variation_is_of_all_planes_proposals_included(device):
    net = explicit(proposals=["a", "b"])
    loss = PlaneVariationLoss(weight=2.0)
    found = loss.of_field(net, 0)
    encoders = [net.pos_encoder, *net.proposals.encoders]
    expected = sum(e.variation().item() for e in encoders)
    assert found.item() == pytest.approx(2 * expected, rel=1e-5)
    grads = jt.grad(found, [e.planes for e in encoders])
    assert all(np.abs(g.numpy()).max() > 0 for g in grads)


def test_only_networks_with_planes_offer_their_variation():
    from jnerf.encoders.frequency import FrequencyEncoder

    assert "variation" in NGPNetwork(planes(), None, BOX).offered()
    assert "variation" not in NGPNetwork(FrequencyEncoder(4), None, BOX).offered()


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: explicit(basis_width=0), "basis_width is 0"),
        (lambda: explicit(initial_density=0.0), "ExplicitPlanesNetwork: initial_density is 0.0"),
        (lambda: explicit(proposals=["c"]), "network.proposals names encoder.c"),
        (lambda: EG3DNetwork(planes(), BOX, hidden_width=0), "hidden_width is 0"),
        (lambda: EG3DNetwork(planes(), BOX, density_scale=0.0), "density_scale 0.0"),
    ],
)
def test_wrong_options(make, message):
    with pytest.raises(ConfigError, match=message):
        make()
