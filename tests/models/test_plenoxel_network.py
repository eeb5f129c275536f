"""PlenoxelNetwork: the field, stages, pruning, state; its variation as a loss."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError, TrainingError
from jnerf.models.losses.voxel_variation import VoxelVariationLoss
from jnerf.models.networks.voxels.plenoxel import PlenoxelNetwork
from jnerf.models.networks.voxels.voxel_mask import (
    dilated,
    grid_shape,
    packed_mask,
    unpacked_mask,
    upsampled_mask,
    vertex_positions,
)
from jnerf.ops.common.constants import zero
from jnerf.ops.voxel_grid import reference
from jnerf.ops.voxel_variation.reference import voxel_variation
from jnerf.structures import RayBundle, RaySamples

AABB = np.float32([0, 0, 0, 1, 1, 1])
STAGES = {"resolutions": (5, 9), "upsample_steps": (4,)}


def make(**options):
    return PlenoxelNetwork(AABB, **(STAGES | options))


def write(network, density, sh=None):
    network.density_rows.update(jt.array(np.asarray(density, np.float32).reshape(-1, 1)))
    if sh is not None:
        network.sh_rows.update(jt.array(sh))
    jt.sync([network.density_rows, network.sh_rows])


def ball(network, radius=0.3, inside=50.0):
    """Densities of all rows: a ball in the middle."""
    mask = network.layout.links.numpy() >= 0
    far = np.linalg.norm(vertex_positions(mask) - 0.5, axis=1)
    return np.where(far < radius, inside, -1.0)


def samples(n=40, seed=0):
    random = np.random.default_rng(seed)
    o, d = random.random((4, 3)).astype(np.float32), random.normal(size=(4, 3))
    d = (d / np.linalg.norm(d, axis=1, keepdims=True)).astype(np.float32)
    t = (random.random(n) * 0.3).astype(np.float32)
    owners = np.sort(random.integers(0, 4, n)).astype(np.int32)
    rays = RayBundle(jt.array(o), jt.array(d))
    return RaySamples(rays, *map(jt.array, (t, t + 0.01, owners)), jt.zeros((4, 2), "int32"))


def test_the_field_is_that_of_the_op_in_the_box():
    box = np.float32([-1, -1, -1, 1, 1, 1])
    network = PlenoxelNetwork(box, **STAGES)
    random = np.random.default_rng(1)
    rows = network.layout.n_rows
    sh = reference.pack_sh(random.normal(size=(rows, 3, 9)).astype(np.float32))
    density = random.normal(size=(rows, 1)).astype(np.float32)
    write(network, density, sh)
    where = samples()
    out = network(where)
    unit = (where.positions.numpy() + 1) / 2
    owners, directions = where.ray_indices.numpy(), where.rays.rays_d.numpy()
    links = network.layout.links.numpy()
    right = reference.voxel_field(unit, directions, owners, links, density, sh)
    np.testing.assert_allclose(out.sigmas.numpy(), right[0], atol=1e-5)
    np.testing.assert_allclose(out.rgbs.numpy(), right[1], atol=1e-5)
    np.testing.assert_allclose(network.density(where.positions).numpy(), right[0], atol=1e-5)


def test_it_starts_thin_and_grey_everywhere():
    network = make(initial_density=0.25)
    out = network(samples())
    np.testing.assert_allclose(out.sigmas.numpy(), 0.25, rtol=1e-6)
    np.testing.assert_allclose(out.rgbs.numpy(), 0.5, rtol=1e-6)
    groups = network.param_groups()
    assert [g[0].shape for g in groups.values()] == [[125, 1], [125, 32]]
    assert not any(g[0].is_stop_grad() for g in groups.values())


def test_a_stage_keeps_the_field_where_it_matters_and_drops_the_rest():
    network = make()
    random = np.random.default_rng(0)
    density = ball(network)
    sh = reference.pack_sh(random.normal(size=(125, 3, 9)).astype(np.float32))
    write(network, density, sh)
    inside = (0.5 + 0.1 * (random.random((200, 3)) - 0.5)).astype(np.float32)
    outside = np.float32([[0, 0, 0], [1, 1, 1], [0.02, 0.9, 0.1]])
    before = network.density(jt.array(inside)).numpy()
    assert [network.refine(step) for step in (0, 3, 4)] == [False, False, True]
    assert tuple(network.layout.links.shape) == (9, 9, 9)
    assert 100 < network.layout.n_rows < 9**3
    np.testing.assert_allclose(network.density(jt.array(inside)).numpy(), before, rtol=1e-4)
    np.testing.assert_array_equal(network.density(jt.array(outside)).numpy(), 0)
    # Old vertices are vertices of the new grid, whose spacing is half: their rows are the old ones.
    centre = network.layout.links.numpy()[4, 4, 4]
    np.testing.assert_allclose(network.sh_rows.numpy()[centre], sh[62], rtol=1e-5)
    assert not network.sh_rows.is_stop_grad() and not network.density_rows.is_stop_grad()


def test_a_stage_of_the_same_resolution_only_prunes():
    network = make(resolutions=(5, 5), dilation=0)
    density = ball(network)
    sh = np.random.default_rng(0).normal(size=(125, 32)).astype(np.float32)
    write(network, density, sh)
    assert network.refine(4)
    kept = density > 0
    assert network.layout.n_rows == kept.sum() < 125
    np.testing.assert_array_equal(network.sh_rows.numpy(), sh[kept])


def test_a_second_pruning_never_brings_rows_back():
    network = make(resolutions=(5, 5, 5), upsample_steps=(1, 2), dilation=1)
    write(network, ball(network, radius=0.1))
    assert network.refine(1)
    rows = network.layout.n_rows
    assert rows == 27
    assert network.refine(2) and network.layout.n_rows == rows


def test_the_threshold_is_what_a_voxel_absorbs():
    for alpha, kept in ((0.2, True), (0.25, False)):
        network = make(resolutions=(5, 5), prune_alpha=alpha, dilation=0)
        density = np.zeros(125)
        density[62], density[0] = 1.0, 1e6  # 1 - exp(-1 / 4) = 0.221
        write(network, density)
        network.refine(4)
        assert network.layout.n_rows == 1 + kept


def test_nothing_left_is_an_error():
    network = make()
    write(network, np.full(125, -1.0))
    with pytest.raises(TrainingError, match="leaves none of 125 voxels; the densest is -1"):
        network.refine(4)


def test_a_state_of_another_stage_is_taken():
    network = make()
    write(network, ball(network))
    network.refine(4)
    state = {name: var.numpy() for name, var in network.state_dict().items()}
    assert set(state) == {"mask", "density_rows", "sh_rows"}
    other = make()
    assert other.fit_state(state)
    for name, var in other.state_dict().items():
        assert tuple(var.shape) == state[name].shape
    np.testing.assert_array_equal(other.layout.links.numpy(), network.layout.links.numpy())
    assert not other.density_rows.is_stop_grad()
    assert not make(resolutions=(5, 7)).fit_state(state)
    assert not make().fit_state({})


@pytest.mark.parametrize(
    "options, message",
    [
        ({"resolutions": (9, 5)}, r"\[9, 5\]; they must be at least 2 and never fall"),
        ({"resolutions": (5, 9, 17)}, "need 2 upsample_steps"),
        ({"upsample_steps": (0,)}, "must rise, from 1 on"),
        ({"prune_alpha": 1.0}, "prune_alpha is 1.0"),
        ({"initial_density": 0.0}, "initial_density 0.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)


def test_masks_survive_packing_and_follow_the_nearest_vertex():
    mask = np.random.default_rng(0).random((4, 5, 11)) < 0.5
    np.testing.assert_array_equal(unpacked_mask(packed_mask(mask), mask.shape), mask)
    assert grid_shape(np.float32([0, 0, 0, 1, 2, 4]), 9) == (9, 5, 3)
    line = np.zeros((2, 2, 3), bool)
    line[:, :, 1] = True
    assert upsampled_mask(line, (2, 2, 5))[0, 0].tolist() == [False, False, True, False, False]
    assert dilated(line, 1).all() and (dilated(line, 0) == line).all()


@pytest.mark.parametrize("kind", ["density", "sh"])
def test_variation_is_of_all_voxels_when_asked(kind):
    network = make()
    random = np.random.default_rng(0)
    sh = reference.pack_sh(random.normal(size=(125, 3, 9)).astype(np.float32))
    write(network, random.normal(size=125), sh)
    loss = VoxelVariationLoss(of_rows=kind, share=1.0, weight=0.5).of_field(network, 3)
    rows, links = network.voxels[kind].numpy(), network.layout.links.numpy()
    assert loss.item() == pytest.approx(0.5 * voxel_variation(rows, links, 0, 125), rel=1e-4)
    assert np.abs(jt.grad(loss, network.voxels[kind]).numpy()).max() > 0


def test_variation_of_a_share_moves_on_and_waits_between():
    network = make()
    write(network, np.random.default_rng(0).normal(size=125))
    loss = VoxelVariationLoss(share=0.1, every=4)
    values = [loss.of_field(network, step).item() for step in range(9)]
    assert [value > 0 for value in values] == [step % 4 == 0 for step in range(9)]
    assert len({values[0], values[4], values[8]}) == 3


def test_variation_asks_for_no_kernel_once_its_weight_is_zero():
    network = make()
    write(network, np.random.default_rng(0).normal(size=125))
    falling = {"schedule": "linear", "value": 1.0, "end": 0.0, "steps": (4, 5)}
    loss = VoxelVariationLoss(share=1.0, weight=falling)
    assert loss.of_field(network, 4).item() > 0
    assert loss.of_field(network, 5) is zero()


@pytest.mark.parametrize("options", [{"share": 0.0}, {"every": 0}, {"of_rows": "colour"}])
def test_wrong_variation(options):
    with pytest.raises(ConfigError, match="VoxelVariationLoss"):
        VoxelVariationLoss(**options)
