"""TensoRFNetwork: the field, stages, mask and crop, state; losses of its factors."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.cp import CPEncoder
from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.encoders.vm import VMEncoder
from jnerf.errors import ConfigError, TrainingError
from jnerf.models.losses.factors import FactorL1Loss, FactorVariationLoss
from jnerf.models.networks.tensorf.network import TensoRFNetwork
from jnerf.structures import RayBundle, RaySamples

AABB = np.float32([0, 0, 0, 1, 1, 1])
STAGES = {"final_resolution": 21, "upsample_steps": (4, 6), "mask_steps": (4, 5)}


def make(kind=VMEncoder, resolution=11, **options):
    density = kind(n_components=2, resolution=resolution)
    color = kind(n_components=3, resolution=resolution, stream=1)
    options = STAGES | {"hidden_width": 16, "precision": "fp32"} | options
    return TensoRFNetwork(density, color, AABB, **options)


def hat(n, middle, width):
    """A bump along an axis of n vertices."""
    return np.exp(-(((np.linspace(0, 1, n) - middle) / width) ** 2))


def write_blob(network, middle=(0.5, 0.5, 0.5), width=0.12, height=25.0):
    """Makes the sum of the density's components a bump: dense in the middle, nothing around."""
    grid = network.density_factors
    x, y, z = (hat(n, m, width) for n, m in zip(grid.sizes, middle, strict=True))
    tables = {"plane_z": height * np.outer(y, x)[..., None], "line_z": z[:, None]}
    for table, values in zip(grid.tables, grid.values(), strict=True):
        array = np.zeros(values.shape, np.float32)
        if table.name in tables:
            array[..., :1] = tables[table.name]
        values.update(jt.array(array))
    jt.sync(grid.values())


def samples(n=30, rays=4, seed=0, length=0.02):
    random = np.random.default_rng(seed)
    o = (0.5 + 0.05 * random.normal(size=(rays, 3))).astype(np.float32)
    d = random.normal(size=(rays, 3))
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    t = np.tile(np.arange(n) * length, rays).astype(np.float32)
    owners = np.repeat(np.arange(rays), n).astype(np.int32)
    info = np.stack([np.arange(rays) * n, np.full(rays, n)], 1).astype(np.int32)
    bundle = RayBundle(jt.array(o), jt.array(d))
    return RaySamples(bundle, *map(jt.array, (t, t + np.float32(length), owners, info)))


def points(n, seed=0, low=0.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, (n, 3)).astype(np.float32)


@pytest.mark.parametrize("kind", [VMEncoder, CPEncoder])
@pytest.mark.parametrize("activation", ["softplus", "relu"])
def test_density_is_the_sum_after_its_activation(kind, activation):
    network = make(kind, density_activation=activation, density_shift=-0.1, density_scale=7.0)
    x = points(50)
    raw = network.density_factors(jt.array(x)).numpy().sum(1).astype(np.float64) - 0.1
    right = 7 * (np.log1p(np.exp(raw)) if activation == "softplus" else np.maximum(raw, 0))
    np.testing.assert_allclose(network.density(jt.array(x)).numpy(), right, rtol=1e-4, atol=1e-5)


def test_nothing_lies_outside_of_the_box():
    network = make(density_shift=5.0)
    outside = np.float32([[1.01, 0.5, 0.5], [0.5, -0.01, 0.5], [0.5, 0.5, 1e9]])
    np.testing.assert_array_equal(network.density(jt.array(outside)).numpy(), 0)
    assert (network.density(jt.array(points(9))).numpy() > 0).all()


@pytest.mark.parametrize("shading", ["mlp", "sh"])
def test_only_what_can_be_seen_has_a_colour(shading):
    network, where = make(shading=shading), samples()
    write_blob(network)
    seen, whole = network(where), make(shading=shading, least_weight=0.0)
    for name, factors in whole.factors.items():
        for mine, theirs in zip(factors.values(), network.factors[name].values(), strict=True):
            mine.update(theirs)
    every = whole(where)
    np.testing.assert_array_equal(seen.sigmas.numpy(), every.sigmas.numpy())
    depths = (seen.sigmas.numpy() * 0.02).reshape(4, 30).astype(np.float64)
    trans = np.exp(-np.cumsum(np.pad(depths, [(0, 0), (1, 0)]), 1)[:, :-1])
    heavy = (trans * (1 - np.exp(-depths)) > 1e-4).ravel()
    assert 0 < heavy.sum() < heavy.size / 2
    np.testing.assert_allclose(seen.rgbs.numpy()[heavy], every.rgbs.numpy()[heavy], atol=1e-5)
    np.testing.assert_array_equal(seen.rgbs.numpy()[~heavy], 0)


@pytest.mark.parametrize("kind", [VMEncoder, CPEncoder])
@pytest.mark.parametrize("shading", ["mlp", "sh"])
@pytest.mark.parametrize("least_weight", [0.0, 1e-4])
def test_every_parameter_is_trained(kind, shading, least_weight):
    network = make(kind, shading=shading, least_weight=least_weight, density_shift=0.0)
    out = network(samples())
    loss = (out.sigmas * 0.01).sum() + (out.rgbs * out.rgbs).sum()
    params = [*network.density_factors.values(), *network.color_factors.values()]
    params += network.param_groups()[""]
    for param, grad in zip(params, jt.grad(loss, params), strict=True):
        assert np.isfinite(grad.numpy()).all() and grad.numpy().any(), param.shape


def test_what_the_sampler_learned_is_used_again():
    network, where = make(), samples()
    with jt.no_grad():
        sigmas, sums = network.look(where.positions)
    told = RaySamples(
        where.rays,
        where.t_starts,
        where.t_ends,
        where.ray_indices,
        where.packed_info,
        features=sums,
    )
    np.testing.assert_array_equal(network(told).sigmas.numpy(), sigmas.numpy())
    plane = network.density_factors.plane_z
    grads = [jt.grad(network(s).sigmas.sum(), [plane])[0].numpy() for s in (where, told)]
    assert grads[0].any()
    np.testing.assert_array_equal(grads[0], grads[1])


def test_a_sample_without_rays_and_a_ray_without_samples():
    network = make()
    empty = samples(n=0)
    out = network(empty)
    assert out.sigmas.shape[0] == 0 and list(out.rgbs.shape) == [0, 3]
    assert network.density(jt.zeros((0, 3))).shape[0] == 0


def lerp_bound(grid):
    """How much a linear interpolation between other vertices may change the sum: a table by a quarter of what its
    slope changes from one edge to the next, in each of its axes."""
    bound = 0.0
    for plane, line in zip(grid.values()[:3], grid.values()[3:], strict=True):
        change = [
            sum(np.abs(np.diff(t.numpy(), 2, axis)).max() for axis in range(t.ndim - 1)) / 4
            for t in (plane, line)
        ]
        most = [np.abs(t.numpy()).max() for t in (plane, line)]
        bound += change[0] * (most[1] + change[1]) + change[1] * most[0]
    return bound


@pytest.mark.parametrize("seed", range(6))
def test_crop_and_upsampling_keep_the_field_at_the_middles_of_voxels(seed):
    random = np.random.default_rng(seed)
    network = make(resolution=int(random.integers(24, 40)), final_resolution=61)
    write_blob(network, random.uniform(0.35, 0.65, 3), random.uniform(0.1, 0.16))
    sizes = np.array(network.density_factors.sizes)
    cells = np.stack(np.meshgrid(*[np.arange(n - 1) for n in sizes], indexing="ij"), -1)
    x = ((cells.reshape(-1, 3) + 0.5) / (sizes - 1)).astype(np.float32)
    before = network.density_factors.summed(jt.array(x)).numpy()
    density = network.density(jt.array(x)).numpy()
    bound = lerp_bound(network.density_factors)
    assert bound < 0.15 * before.max()
    assert network.refine(4)
    low, high = np.split(network.box.numpy(), 2)
    inside = ((x > low) & (x < high)).all(1)
    assert 0 < inside.sum() < 0.5 * len(x)
    after = network.density_factors.summed(jt.array((x - low) / (high - low))).numpy()
    assert np.abs(after - before)[inside].max() < bound
    new = network.density(jt.array(x)).numpy()
    gone = new == 0
    assert gone[~inside].all()
    # what was dropped absorbs less than the bound in half a voxel, and has no neighbour that absorbs more
    assert (1 - np.exp(-density[gone] * 0.5 / (sizes.max() - 1))).max() < 2.5e-3
    assert not network.density_factors.sizes == tuple(sizes)


def test_the_mask_leaves_a_voxel_around_what_absorbs():
    network = make(resolution=21, upsample_steps=(), final_resolution=21)
    write_blob(network, width=0.1)
    x = points(4000, high=0.999)
    dense = network.density(jt.array(x)).numpy()
    assert network.refine(4)
    kept = network.density(jt.array(x)).numpy()
    least = -np.log1p(-2.5e-3) / (0.5 / 20)
    np.testing.assert_allclose(kept[dense > least], dense[dense > least], rtol=1e-3)
    assert 0 < (kept == 0).mean() < 1 and network.stats["filled"] > 0.5
    # a second mask, without a crop: the box stays
    box = network.box.numpy()
    filled = network.stats["filled"]
    assert not network.refine(5)
    np.testing.assert_array_equal(network.box.numpy(), box)
    assert network.stats["filled"] <= filled


def test_parameters_are_new_ones_with_the_same_values_after_a_stage():
    network = make()
    write_blob(network)
    heads = network.param_groups()[""]
    values = [param.numpy() for param in heads]
    assert [network.refine(step) for step in (0, 3, 4, 5, 6)] == [False, False, True, False, True]
    assert network.stats["vertices"] > 0.8 * 21**3
    for factors in network.factors.values():
        assert not any(table.is_stop_grad() for table in factors.values())
    for old, new, value in zip(heads, network.param_groups()[""], values, strict=True):
        assert new is not old and not new.is_stop_grad()
        np.testing.assert_array_equal(new.numpy(), value)


def test_nothing_left_is_an_error():
    network = make()
    for table in network.density_factors.values():
        table.update(table * 0)
    with pytest.raises(
        TrainingError, match=r"nothing is left of 1331 vertices.*network\.mask_alpha"
    ):
        network.refine(4)


def test_one_vertex_is_enough_to_go_on():
    network = make(resolution=11)
    write_blob(network, (0.0, 1.0, 0.5), width=0.01, height=60.0)
    assert network.refine(4)
    assert min(network.density_factors.sizes) >= 2
    low, high = np.split(network.box.numpy(), 2)
    assert (high > low).all() and (high - low).max() < 0.25
    assert np.isfinite(network.density(jt.array(points(50))).numpy()).all()


def test_a_state_of_another_stage_is_taken():
    network = make()
    write_blob(network)
    network.refine(4)
    state = {name: var.numpy() for name, var in network.state_dict().items()}
    assert {"box", "mask", "mask_size"} < set(state)
    other = make()
    assert other.fit_state(state)
    for name, var in other.state_dict().items():
        assert tuple(var.shape) == state[name].shape, name
    for name in ("box", "mask", "mask_size"):
        np.testing.assert_array_equal(other.state_dict()[name].numpy(), state[name])
    for name, var in other.state_dict().items():
        var.update(jt.array(state[name]))
    x = jt.array(points(60))
    np.testing.assert_array_equal(other.density(x).numpy(), network.density(x).numpy())
    assert not make().fit_state({"mask": state["mask"]})


def test_losses_of_the_factors_are_their_formulas():
    for kind in (VMEncoder, CPEncoder):
        network = make(kind)
        tables = [table.numpy().astype(np.float64) for table in network.density_factors.values()]
        found = FactorL1Loss().of(network, 0).item()
        assert found == pytest.approx(sum(np.abs(t).mean() for t in tables), rel=1e-5)
        tables = [table.numpy().astype(np.float64) for table in network.color_factors.values()]
        tables = tables[:3]
        right = 2 * sum(
            (np.diff(t, axis=axis) ** 2).mean() for t in tables for axis in range(t.ndim - 1)
        )
        loss = FactorVariationLoss(of_factors="color", weight=0.5)
        assert loss.of(network, 0).item() == pytest.approx(right, rel=1e-5)
        assert loss.of_field(network, 0).item() == pytest.approx(right / 2, rel=1e-5)
    with pytest.raises(ConfigError, match="of_factors is 'sh'; choose density or color"):
        FactorL1Loss(of_factors="sh")


def test_wrong_arguments():
    with pytest.raises(ConfigError, match="density_activation is 'exp'; choose one of softplus"):
        make(density_activation="exp")
    with pytest.raises(ConfigError, match="shading is 'lambert'"):
        make(shading="lambert")
    with pytest.raises(ConfigError, match="mask_alpha is 1; it must be between 0 and 1"):
        make(mask_alpha=1)
    with pytest.raises(ConfigError, match="density_scale is 0; it must be above 0"):
        make(density_scale=0)
    with pytest.raises(ConfigError, match=r"upsample_steps are \[4, 4\]; they must rise, from 1"):
        make(upsample_steps=(4, 4))
    with pytest.raises(ConfigError, match="final_resolution is 5, below the 11"):
        make(final_resolution=5)
    with pytest.raises(ConfigError, match=r"least_weight is -1; it must be in \[0, 1\)"):
        make(least_weight=-1)
    with pytest.raises(ConfigError, match="color_features is 0"):
        make(color_features=0)
    grids = VMEncoder(2, 8), DenseGridEncoder(8)
    with pytest.raises(ConfigError, match=r"encoder\.color_factors is DenseGridEncoder; give a VM"):
        TensoRFNetwork(*grids, AABB)
    with pytest.raises(ConfigError, match=r"\(8, 8, 8\) vertices, color_factors \(9, 9, 9\)"):
        TensoRFNetwork(VMEncoder(2, 8), VMEncoder(2, 9), AABB)


@pytest.mark.parametrize("shading", ["mlp", "sh"])
@pytest.mark.parametrize("least_weight", [0.0, 1e-4])
def test_gradients_reach_positions_and_directions(shading, least_weight):
    network, where = make(shading=shading, least_weight=least_weight), samples()
    write_blob(network)
    directions, middles = jt.array(where.rays.rays_d.numpy()), jt.array(where.positions.numpy())
    bundle = RayBundle(where.rays.rays_o, directions)
    arrays = where.t_starts, where.t_ends, where.ray_indices, where.packed_info
    out = network(RaySamples(bundle, *arrays, middles=middles))
    by_density = jt.grad(out.sigmas.sum(), [middles], retain_graph=True)[0].numpy()
    by_color = [g.numpy() for g in jt.grad((out.rgbs * out.rgbs).sum(), [middles, directions])]
    for grad in (by_density, *by_color):
        assert np.isfinite(grad).all() and np.abs(grad).max() > 1e-4
