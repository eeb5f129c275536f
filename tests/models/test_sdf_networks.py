"""Networks of signed distances: the sphere they start as, their normals, their second derivatives, their density."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.spherical_harmonics import SphericalHarmonicsEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import trainable
from jnerf.models.networks.differences import difference_gradient
from jnerf.models.networks.surfaces.hash_neus import HashNeuSNetwork
from jnerf.models.networks.surfaces.neus import NeuSNetwork
from jnerf.models.networks.surfaces.sdf import opaque_density
from jnerf.ops.surface_density.reference import section_density
from jnerf.structures import RayBundle, RaySamples

UNIT = np.float32([0, 0, 0, 1, 1, 1])
BOX = np.float32([-1, 0, 1, 3, 4, 6])  # edges 4, 4, 5
NEUS_RANGE = (0.5 - np.pi / 2, 0.5 + np.pi / 2)


def vanilla(aabb=UNIT, **kwargs):
    pos = FrequencyEncoder(2, include_input=False, input_range=NEUS_RANGE)
    small = {
        "hidden_width": 32,
        "n_layers": 4,
        "skip": 2,
        "color_layers": 2,
        "geometry_features": 8,
    }
    direction = FrequencyEncoder(2, input_range=(-1.0, 1.0))
    return NeuSNetwork(pos, direction, aabb, **{"precision": "fp32"} | small | kwargs)


def hashed(aabb=UNIT, init_scale=1e-4, **kwargs):
    grid = HashGridEncoder(
        n_levels=4, log2_table_size=12, max_resolution=64, init_scale=init_scale, aabb=aabb
    )
    return HashNeuSNetwork(
        grid, SphericalHarmonicsEncoder(2), aabb, **{"precision": "fp32"} | kwargs
    )


def places(aabb, n=200, seed=0, reach=0.5):
    """Positions in the middle of a box, float32 [n, 3]."""
    random = np.random.default_rng(seed)
    middle, half = (aabb[:3] + aabb[3:]) / 2, (aabb[3:] - aabb[:3]).min() / 2
    return (middle + half * reach * random.uniform(-1, 1, (n, 3))).astype(np.float32)


def samples(aabb=UNIT, n=60, seed=0, reach=1.0):
    """Three rays through the box, with samples of one length."""
    random = np.random.default_rng(seed)
    half = float((aabb[3:] - aabb[:3]).min()) / 2
    d = random.normal(size=(3, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    o = (aabb[:3] + aabb[3:]) / 2 - 2 * half * d + 0.05 * half
    edges = np.linspace(2 - reach, 2 + reach, n // 3 + 1) * half
    starts, ends = np.tile(edges[:-1], 3), np.tile(edges[1:], 3)
    rays = RayBundle(jt.array(o.astype(np.float32)), jt.array(d.astype(np.float32)))
    indices = np.repeat(np.arange(3), n // 3).astype(np.int32)
    packed = np.int32([[i * n // 3, n // 3] for i in range(3)])
    values = (starts.astype(np.float32), ends.astype(np.float32), indices, packed)
    return RaySamples(rays, *(jt.array(v).stop_grad() for v in values))


@pytest.mark.parametrize("aabb", [UNIT, BOX], ids=["unit", "box"])
@pytest.mark.parametrize("make", [vanilla, hashed])
def test_it_starts_as_a_sphere_in_field_units(make, aabb, device):
    net, x = make(aabb, radius_init=0.5), places(aabb, reach=0.9)
    if make is vanilla:
        net = make(aabb, radius_init=0.5, hidden_width=256)
    radius = (aabb[3:] - aabb[:3]).min() / 2
    truth = np.linalg.norm(x - (aabb[:3] + aabb[3:]) / 2, axis=1) - 0.5 * radius
    found = net.sdf(jt.array(x)).numpy()
    assert np.abs(found - truth).max() < (0.25 if make is vanilla else 0.05) * radius
    assert np.corrcoef(found, truth)[0, 1] > 0.97


@pytest.mark.parametrize("aabb", [UNIT, BOX], ids=["unit", "box"])
@pytest.mark.parametrize("make", [vanilla, hashed])
def test_normals_are_the_slope_of_the_distance(make, aabb, device):
    net, given = make(aabb), samples(aabb, reach=0.8)
    if make is hashed:
        net.pos_encoder.table.update(net.pos_encoder.table * 300)
    out = net(given)
    x, h = given.positions.numpy(), 2e-3 * (aabb[3:] - aabb[:3]).min()
    if make is hashed:
        h = net.tap_distance
    taps = [net.sdf(jt.array((x + h * e).astype(np.float32))).numpy() for e in np.eye(3)]
    taps += [net.sdf(jt.array((x - h * e).astype(np.float32))).numpy() for e in np.eye(3)]
    expected = np.stack([(taps[k] - taps[k + 3]) / (2 * h) for k in range(3)], 1)
    found = out.extras["normals"].numpy()
    np.testing.assert_allclose(net.gradient(given.positions).numpy(), found, atol=1e-5)
    # four taps differ from six by a term of second order
    tolerance = 5e-3 if make is vanilla else 0.2
    assert np.abs(found - expected).mean() < tolerance
    assert np.abs(np.linalg.norm(found, axis=1) - 1).mean() < 0.3
    np.testing.assert_allclose(
        out.extras["sdf"].numpy()[:, 0], net.sdf(given.positions).numpy(), atol=1e-5
    )


def test_analytic_normals_are_exact_and_train(device):
    encoder = FrequencyEncoder(2)
    net = HashNeuSNetwork(encoder, None, BOX, normals="analytic", precision="fp32")
    given = samples(BOX, reach=0.8)
    x, h = given.positions.numpy(), 3e-4
    taps = [
        net.sdf(jt.array((x + h * e).astype(np.float32))).numpy() for e in (*np.eye(3), *-np.eye(3))
    ]
    expected = np.stack([(taps[k] - taps[k + 3]) / (2 * h) for k in range(3)], 1)
    normals = net(given).extras["normals"]
    close = np.abs(normals.numpy() - expected).max(1) < 2e-2
    assert close.mean() > 0.9  # a tap may lie behind a kink of the ReLUs
    grad = jt.grad(jt.sqr(normals).sum(), net.distance_mlp.params).numpy()
    i = int(np.abs(grad).argmax())
    ends = []
    for sign in (1, -1):
        moved = net.distance_mlp.params.numpy().copy()
        before = moved.copy()
        moved[i] += sign * 1e-3
        net.distance_mlp.params.update(jt.array(moved))
        ends.append(float(jt.sqr(net(given).extras["normals"]).sum().item()))
        net.distance_mlp.params.update(jt.array(before))
    assert grad[i] == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=2e-2)


def test_six_taps_are_central_differences():
    x = places(UNIT, 20)
    found = difference_gradient(lambda p: (p * p * p).sum(1), jt.array(x), 0.01, 6).numpy()
    np.testing.assert_allclose(found, 3 * x**2 + 1e-4, rtol=1e-3, atol=1e-3)
    found = difference_gradient(lambda p: (p * np.float32([1, 2, 3])).sum(1), jt.array(x), 0.01, 4)
    np.testing.assert_allclose(found.numpy(), np.tile([1.0, 2, 3], (20, 1)), atol=1e-3)


class Float64:
    """The distance's MLP and its gradient in NumPy, float64."""

    def __init__(self, net):
        self.net, self.params = (
            net,
            [p.numpy().astype(np.float64) for p in net.distance_mlp.parameters()],
        )

    def normals(self, params, points):
        mlp, encoder = self.net.distance_mlp, self.net.pos_encoder
        layers, at = [], 0
        for _ in range(len(mlp.layers)):
            named = dict(zip(("v", "b", "g"), params[at : at + 3], strict=True))
            shapes = {name: p.shape for name, p in named.items()}
            assert shapes["v"][0] == shapes["b"][0] == shapes["g"][0] and shapes["g"][1] == 1
            v = named["v"]
            layers.append((v * named["g"] / np.linalg.norm(v, axis=1, keepdims=True), named["b"]))
            at += 3

        def distance(p):
            x = (p - 0.5) * 2
            u = p * encoder.scale + encoder.offset
            waves = [f(np.pi * 2.0**k * u) for k in range(2) for f in (np.sin, np.cos)]
            first = np.concatenate([x, *waves], 1)
            h = first
            for i, (w, b) in enumerate(layers):
                if i == mlp.skip:
                    h = np.concatenate([h, first], 1) / np.sqrt(2)
                h = h @ w.T + b
                if i + 1 < len(layers):
                    h = np.logaddexp(0, 100 * h) / 100
            return h[:, 0] * 0.5

        e = 1e-6 * np.eye(3)
        return np.stack([(distance(points + d) - distance(points - d)) / 2e-6 for d in e], 1)

    def eikonal(self, params, points):
        return ((np.linalg.norm(self.normals(params, points), axis=1) - 1) ** 2).mean()


def test_second_derivatives_are_those_of_float64(device):
    """The eikonal loss's gradient by every kind of weight, against differences of a model in float64."""
    net, random = vanilla(hidden_width=24), np.random.default_rng(1)
    for (
        p
    ) in net.distance_mlp.parameters():  # away from the symmetric start, where many gradients are 0
        noise = 0.1 * random.normal(size=p.shape) * np.abs(p.numpy()).mean()
        p.update(p + jt.array(noise.astype(np.float32)))
    given = samples(reach=0.9)
    normals = net(given).extras["normals"]
    params, points = net.distance_mlp.parameters(), given.positions.numpy().astype(np.float64)
    loss = jt.sqr(jt.sqrt((normals * normals).sum(1)) - 1).mean()
    grads = [g.numpy() for g in jt.grad(loss, params)]
    exact = Float64(net)
    np.testing.assert_allclose(normals.numpy(), exact.normals(exact.params, points), atol=2e-4)
    assert loss.item() == pytest.approx(exact.eikonal(exact.params, points), rel=1e-3)
    checked = 0
    for i, grad in enumerate(grads):
        for _ in range(4):
            at = tuple(random.integers(0, n) for n in grad.shape)
            h = 1e-4
            values = []
            for sign in (1, -1):
                moved = [p.copy() for p in exact.params]
                moved[i][at] += sign * h
                values.append(exact.eikonal(moved, points))
            expected = (values[0] - values[1]) / (2 * h)
            assert grad[at] == pytest.approx(expected, rel=2e-2, abs=2e-4), (i, at)
            checked += abs(expected) > 1e-3
    assert checked > 10


def test_every_weight_gets_a_gradient(device):
    for net in (vanilla(), hashed(init_scale=0.1)):
        out = net(samples(reach=0.9))
        normals = out.extras["normals"]
        total = jt.sqr(normals).sum() + jt.sqr(out.rgbs).sum() + out.sigmas.sum()
        groups = net.param_groups()
        params = [p for group in groups.values() for p in group]
        params += [p for encoder in net.encoders() for p in trainable(encoder)]
        assert len(params) == len(net.parameters()) and len(groups["variance"]) == 1
        for grad in jt.grad(total, params):
            assert np.isfinite(grad.numpy()).all() and (grad.numpy() != 0).any()


def test_the_density_is_opaque_inside_and_nothing_outside():
    s, x = jt.array(np.float32([400.0])), np.float32([-0.2, 0.0, 0.2])
    np.testing.assert_allclose(
        opaque_density(jt.array(x), s).numpy(), [400, 200, 0], rtol=1e-5, atol=1e-4
    )
    net = hashed(BOX)
    assert net.sharpness().item() == pytest.approx(np.exp(3) / 2, rel=1e-5)
    x = jt.array(places(BOX))
    expected = opaque_density(net.sdf(x), net.sharpness()).numpy()
    np.testing.assert_array_equal(net.density(x).numpy(), expected)


def test_features_of_a_look_are_used_again():
    net, given = hashed(init_scale=0.1), samples()
    with jt.no_grad():
        sigmas, features = net.look(given.positions)
    again = RaySamples(
        given.rays,
        given.t_starts,
        given.t_ends,
        given.ray_indices,
        given.packed_info,
        features=features,
    )
    one, two = net(given), net(again)
    np.testing.assert_allclose(one.sigmas.numpy(), sigmas.numpy(), rtol=1e-5)
    np.testing.assert_allclose(one.rgbs.numpy(), two.rgbs.numpy(), atol=1e-6)
    grads = [jt.grad(o.rgbs.sum(), net.pos_encoder.table).numpy() for o in (one, two)]
    np.testing.assert_allclose(grads[0], grads[1], atol=1e-5)


def neus_on_a_grid():
    grid = HashGridEncoder(n_levels=4, log2_table_size=12, max_resolution=64, init_scale=0.05)
    net = NeuSNetwork(grid, None, UNIT, 24, n_layers=2, skip=None, geometry_features=4)
    for param in net.distance_mlp.parameters():  # the sphere of the start does not see the features
        param.update(param + 0.02)
    return net


@pytest.mark.parametrize(
    "make",
    [
        lambda: hashed(init_scale=0.05, normals="analytic"),
        lambda: hashed(init_scale=0.05, normals="analytic", space="contraction_l2"),
        neus_on_a_grid,
    ],
)
def test_exact_normals_on_a_grid_are_the_slope_and_train_the_table(make, device):
    net, x, h = make(), places(UNIT), np.float32(2e-4)
    found = net.gradient(jt.array(x)).numpy()
    expected = np.stack(
        [
            (net.sdf(jt.array(x + h * e)) - net.sdf(jt.array(x - h * e))).numpy() / (2 * h)
            for e in np.eye(3, dtype=np.float32)
        ],
        axis=1,
    )
    wrong = np.abs(found - expected).max(1) > 0.02
    assert wrong.mean() < 0.1  # slopes jump where cells and ReLUs meet
    loss = jt.sqr(jt.sqrt(jt.sqr(net.gradient(jt.array(x))).sum(1)) - 1).mean()
    assert np.abs(jt.grad(loss, net.pos_encoder.table).numpy()).max() > 0


def test_taps_follow_the_finest_active_level():
    grid = HashGridEncoder(
        n_levels=3,
        log2_table_size=12,
        min_resolution=5,
        max_resolution=17,
        active_levels=dict(schedule="linear", value=1, end=3, steps=(0, 10)),
    )
    net = HashNeuSNetwork(grid, None, BOX, tap_distance=0.5)
    found = []
    for step in (0, 5, 10, 100):
        net.update(step)
        found.append(net.tap_distance)
    np.testing.assert_allclose(found, 0.5 * 5 / (grid.layout.scales[[0, 1, 2, 2]]), rtol=1e-6)
    assert np.isfinite(net(samples(BOX)).rgbs.numpy()).all()


def asked(net, given):
    """Densities that samplers and their grids ask for."""
    x, along = given.positions, (given.t_starts, given.t_ends, given.ray_indices)
    return net.density(x), net.density_nearby(x), net.look(x)[0], net.look_along(x, *along)[0]


def test_a_background_is_asked_outside_the_ball_only(device):
    net = vanilla(background=True, background_width=16, background_layers=4)
    given = samples(reach=3.0)
    out = net(given)
    outside = np.linalg.norm(given.positions.numpy() - 0.5, axis=1) >= 0.5
    assert 5 < outside.sum() < 55
    np.testing.assert_array_equal(out.extras["inside"].numpy()[:, 0], (~outside).astype(np.float32))
    density = out.extras["outside"].numpy()[:, 0]
    assert (density[outside] > 0).all() and (density[~outside] == 0).all()
    normals = out.extras["normals"].numpy()
    assert (normals[outside] == 0).all() and (np.abs(normals[~outside]).sum(1) > 0.1).all()
    with jt.no_grad():  # whether a round is trained or not, samples are placed by the same densities
        np.testing.assert_allclose(net.density_of(given)[0].numpy(), out.sigmas.numpy(), rtol=1e-6)
    alone = vanilla()
    pairs = [(getattr(out, name), getattr(alone(given), name)) for name in ("rgbs", "sigmas")]
    with jt.no_grad():  # samplers that look, and grids of cells, see both
        looks = [asked(net, given), asked(alone, given)]
    for found, expected in [*pairs, *zip(*looks, strict=True)]:
        found, expected = found.numpy()[~outside], expected.numpy()[~outside]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for found in looks[0]:
        expected = out.sigmas.numpy()[outside]
        np.testing.assert_allclose(found.numpy()[outside], expected, rtol=1e-5)
    assert {"inside", "outside"} <= net.provides and "outside" not in vanilla().provides
    for reach in (0.3, 30.0):  # all inside; nearly all outside
        grads = jt.grad(net(samples(reach=reach)).rgbs.sum(), net.parameters())
        assert all(np.isfinite(g.numpy()).all() for g in grads)


def test_wrong_arguments_are_named():
    with pytest.raises(
        ConfigError, match="n_taps is 5 and tap_distance 1.0; they must be one of 4, 6"
    ):
        hashed(n_taps=5)
    with pytest.raises(ConfigError, match="radius_init is 1.5"):
        hashed(radius_init=1.5)
    with pytest.raises(ConfigError, match="variance_init is 3"):
        hashed(variance_init=3)
    with pytest.raises(ConfigError, match="normals is 'exact'; choose 'finite_differences' or"):
        hashed(normals="exact")
    grid = DenseGridEncoder(resolution=8)
    with pytest.raises(ConfigError, match="DenseGridEncoder cannot be differentiated twice"):
        HashNeuSNetwork(grid, None, UNIT, normals="analytic")
    with pytest.raises(ConfigError, match="skip is 4; it must be None or in 1 .. n_layers - 1 = 3"):
        vanilla(skip=4)
    with pytest.raises(ConfigError, match="hidden_width is 8; it must be at least 16"):
        vanilla(hidden_width=8)
    with pytest.raises(ConfigError, match="DenseGridEncoder cannot be differentiated twice"):
        NeuSNetwork(grid, None, UNIT)


@pytest.mark.parametrize("make", [vanilla, hashed])
def test_grids_keep_a_halo_around_a_surface_however_sharp(make):
    net = make(variance_init=0.7, halo=0.1)  # s of 1100, a sphere of radius 0.5, of the ball
    radii = np.float32([0.45, 0.58, 0.65])[:, None] * 0.5
    x = jt.array(0.5 + radii * np.float32([1, 0, 0]))
    there, nearby = net.density(x).numpy(), net.density_nearby(x).numpy()
    assert there[0] > 1000 and nearby[0] > 1000
    assert there[1] < 1e-3 and nearby[1] > 1000
    assert nearby[2] < 1e-3
    with pytest.raises(ConfigError, match="halo is -1"):
        make(halo=-1)


@pytest.mark.parametrize("make", [vanilla, hashed])
@pytest.mark.parametrize("offset", [0.0, 0.2, 0.24])  # of a ray from the middle of a ball of 0.25
def test_a_look_along_rays_sees_as_much_as_is_rendered(make, offset):
    net = make(variance_init=0.5)
    n, step = 400, 0.0025
    t_starts = np.arange(n, dtype=np.float32) * np.float32(step)
    middles = np.float32([0, 0.5 + offset, 0.5]) + (t_starts + step / 2)[:, None] * np.float32(
        [1, 0, 0]
    )
    x, starts = jt.array(middles.astype(np.float32)), jt.array(t_starts)
    sigmas, _ = net.look_along(x, starts, starts + step, jt.zeros((n,), "int32"))
    slope = np.minimum(net.gradient(x).numpy()[:, 0], 0)
    expected = section_density(net.sdf(x).numpy(), slope, step, net.sharpness().item())
    depth, true = (np.cumsum(v) * step for v in (sigmas.numpy(), expected))
    np.testing.assert_allclose(depth, true, atol=0.1 * true[-1] + 0.02)
    head_on = np.cumsum(net.density(x).numpy()) * step
    assert (
        head_on[-1] > (1.5 if offset else 0.9) * depth[-1]
    )  # what a ray that grazes is mistaken for
