"""The occupancy sampler: finds a ball, keeps what is visible, adapts its rays, resumes bit by bit."""

import jittor as jt
import numpy as np
import pytest
from ball_scene import SMALL, ball, rays
from fields import FunctionField
from threads import with_threads

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import FisheyeLens
from jnerf.errors import CheckpointError, ConfigError
from jnerf.ops.occupancy.reference import cell_coords
from jnerf.ops.ray_march import MIN_STEP
from jnerf.samplers.occupancy import OccupancySampler, grid_levels
from jnerf.structures import RayBundle


def train(sampler: OccupancySampler, steps: range, density=ball) -> list[np.ndarray]:
    last = None
    for step in steps:
        sampler.update(density, step)
        last = sampler(rays(sampler.n_rays, step), density, step)
    return [v.numpy() for v in (last.t_starts, last.t_ends, last.ray_indices, last.packed_info)]


@pytest.mark.parametrize("half, levels", [(0.5, 1), (0.4, 1), (0.51, 2), (1, 2), (2, 3), (8, 5)])
def test_levels_cover_the_box(half, levels):
    assert grid_levels([0.5 - half] * 3 + [0.5 + half] * 3) == levels


def test_a_box_that_no_grid_covers():
    assert OccupancySampler(aabb=[-63.5] * 3 + [64.5] * 3).levels == 8
    message = (
        "box reaches 128 from .* have 9 levels; at most 8 .* edge 128: set dataset.aabb_scale=128"
    )
    with pytest.raises(ConfigError, match=message) as caught:
        OccupancySampler(aabb=[-127.5] * 3 + [128.5] * 3)
    assert "OccupancySampler" not in str(caught.value)  # the registry puts it in front


def test_cone_angle_follows_the_box():
    assert OccupancySampler(**SMALL).rule.cone_angle == 0
    big = OccupancySampler(aabb=[-0.5] * 3 + [1.5] * 3, **SMALL)
    assert big.rule.cone_angle == 1 / 256 and big.levels == 2
    assert (
        OccupancySampler(aabb=[-0.5] * 3 + [1.5] * 3, cone_angle=0.0, **SMALL).rule.cone_angle == 0
    )


def test_the_number_of_samples_may_follow_a_schedule():
    growing = dict(schedule="linear", value=2048, end=8192, steps=(0, 96))
    sampler = OccupancySampler(**SMALL | {"target_samples": growing}, total_steps=128)
    assert [sampler.target_samples(step) for step in (0, 48, 96, 127)] == [2048, 5120, 8192, 8192]
    seen = {}
    for step in range(128):
        train(sampler, range(step, step + 1))
        seen[step] = sampler.stats["kept"]
        assert seen[step] <= sampler.target_samples(step)
    assert seen[47] > 0.8 * 5000 and seen[127] > 0.8 * 8192


def test_a_schedule_is_refused_before_training_when_it_ends_too_low():
    falling = dict(schedule="linear", value=8192, end=100, steps=(0, 96))
    with pytest.raises(ConfigError, match="target_samples is 100; it must be at least 1024"):
        OccupancySampler(**SMALL | {"target_samples": falling}, total_steps=128)


def test_finds_the_ball():
    sampler = OccupancySampler(**SMALL)
    train(sampler, range(0, 33))
    values = sampler.grid.numpy()
    distance = np.linalg.norm((cell_coords(32) + 0.5) / 32 - 0.5, axis=1)
    assert (values[distance < 0.2] > 0.01).all() and (values[distance > 0.3] == 0).all()
    assert sampler.occupied_fraction() == pytest.approx(4 / 3 * np.pi * 0.25**3, rel=0.3)
    assert sampler.stats["occupied"] == pytest.approx(sampler.occupied_fraction(), abs=1e-6)


def test_keeps_what_is_visible_and_within_the_budget():
    sampler = OccupancySampler(**SMALL)
    t_starts, t_ends, indices, packed = train(sampler, range(0, 17))
    stats = sampler.stats
    assert stats["looked"] > stats["wanted"] >= stats["kept"] == len(t_starts) == packed[:, 1].sum()
    assert len(t_starts) <= 4096
    # A ray ends once exp(-300 dt n) < 1e-4, that is 18.2 steps of MIN_STEP inside the ball.
    samples = RayBundle(
        *(v for v in (rays(sampler.n_rays, 16).rays_o, rays(sampler.n_rays, 16).rays_d))
    )
    o, d = samples.rays_o.numpy()[indices], samples.rays_d.numpy()[indices]
    points = o + 0.5 * (t_starts + t_ends)[:, None] * d
    inside = np.linalg.norm(points - 0.5, axis=1) < 0.2499
    assert np.bincount(indices[inside]).max() <= 20


def test_rays_follow_the_budget():
    sampler = OccupancySampler(**SMALL)
    train(sampler, range(0, 16))
    assert sampler.n_rays == 256
    sampler.update(ball, 16)
    measured = sampler.state()["counters"]
    assert measured[2] == measured[3] == 0  # a new window begins
    assert sampler.n_rays % 4 == 0 and sampler.n_rays > 256  # rounded as 256 is to 2^18
    train(sampler, range(16, 33))
    assert sampler.stats["wanted"] == pytest.approx(4096, rel=0.2)


def test_rays_past_the_budget_leave_the_batch():
    sampler = OccupancySampler(**{**SMALL, "target_samples": 1100})
    train(sampler, range(0, 1))
    samples = sampler(rays(256, 1), ball, 1)
    assert sampler.stats["wanted"] > 1100 >= sampler.stats["kept"] == len(samples)
    n = len(samples.rays)
    assert 0 < n < 256 and list(samples.packed_info.shape) == [n, 2]
    assert samples.ray_indices.numpy().max() == n - 1
    assert samples.packed_info.numpy()[:, 1].sum() == len(samples)
    np.testing.assert_array_equal(samples.rays.rays_o.numpy(), rays(256, 1).rays_o.numpy()[:n])


def test_rays_past_the_looking_bound_leave_the_batch_and_the_measure():
    free = OccupancySampler(**SMALL)
    bound = OccupancySampler(**SMALL, look_samples=1500)
    train(free, range(0, 1)), train(bound, range(0, 1))
    assert bound.stats["looked"] <= 1500 < free.stats["looked"]
    measured = [s.state()["counters"][2] for s in (free, bound)]
    assert measured[1] == pytest.approx(measured[0], rel=0.3)  # as if all rays had been looked at
    assert len(bound(rays(256, 1), ball, 1).rays) < 256


def test_an_empty_scene_asks_for_the_most_rays_and_gives_no_samples():
    @FunctionField
    def nothing(positions):
        return jt.zeros((positions.shape[0],))

    sampler = OccupancySampler(**SMALL)
    packed = train(sampler, range(0, 16), nothing)[3]
    assert packed[:, 1].sum() == 0 and all(
        sampler.stats[name] == 0 for name in ("looked", "wanted", "kept")
    )
    sampler.update(nothing, 16)
    assert sampler.n_rays == 2**18


def test_rendering_repeats_itself_drops_nothing_and_leaves_the_state():
    sampler = OccupancySampler(**SMALL)
    train(sampler, range(0, 17))
    before = sampler.state()
    a, b = (sampler(rays(3000, 5), ball, None) for _ in range(2))
    assert len(a) > 4096
    np.testing.assert_array_equal(a.t_starts.numpy(), b.t_starts.numpy())
    for name, value in sampler.state().items():
        np.testing.assert_array_equal(value, before[name])


def test_small_chunks_of_density_change_nothing():
    big, small = OccupancySampler(**SMALL), OccupancySampler(density_chunk=1000, **SMALL)
    sizes = []

    @FunctionField
    def watched(positions):
        sizes.append(positions.shape[0])
        return ball(positions)

    for one, two in zip(train(big, range(0, 2)), train(small, range(0, 2), watched), strict=True):
        np.testing.assert_array_equal(one, two)
    assert max(sizes) == 1000


def test_after_the_warm_up_updates_ask_half_as_much():
    sampler, asked = OccupancySampler(**SMALL), []

    @FunctionField
    def watched(positions):
        asked.append(positions.shape[0])
        return ball(positions)

    sampler.update(watched, 0)
    sampler.update(watched, 5)
    assert asked == [32**3]
    sampler.update(watched, 256)
    assert asked[1:] == [32**3 // 2]


def test_cells_that_no_camera_sees_stay_empty():
    back = np.array([0.0, 0.0, 1.0])
    c2w = np.concatenate([np.eye(3), (0.5 + 1.3 * back)[:, None]], 1)[None]
    cameras = Cameras(c2w, [[200.0, 200, 50, 50]], [[100, 100]])
    sampler = OccupancySampler(cameras=cameras, **SMALL)
    sampler.update(FunctionField(lambda x: jt.ones((x.shape[0],)) * 100), 0)
    values = sampler.grid.numpy()
    assert 0.2 < (values == -1).mean() < 0.95 and (values[values != -1] > 0).all()
    assert sampler.occupied_fraction() == pytest.approx((values > 0).mean())
    bent = Cameras(c2w, [[200.0, 200, 50, 50]], [[100, 100]], FisheyeLens([[0, 0, 0, 0]]))
    assert ((OccupancySampler(cameras=bent, **SMALL).grid.numpy() == -1) <= (values == -1)).all()
    wide = Cameras(c2w, [[30.0, 30, 50, 50]], [[100, 100]], FisheyeLens([[0, 0, 0, 0]]))
    assert not (OccupancySampler(cameras=wide, **SMALL).grid.numpy() == -1).any()


@pytest.mark.parametrize("stop", [7, 16, 20])
def test_resume_is_bit_exact(stop):
    straight = OccupancySampler(**SMALL)
    expected = train(straight, range(0, 35))
    first, second = OccupancySampler(**SMALL), OccupancySampler(**SMALL)
    train(first, range(0, stop))
    second.load_state({name: value.copy() for name, value in first.state().items()})
    for one, two in zip(expected, train(second, range(stop, 35)), strict=True):
        np.testing.assert_array_equal(one, two)
    for name, value in straight.state().items():
        np.testing.assert_array_equal(value, second.state()[name])


def test_same_bits_for_any_number_of_threads():
    runs = [with_threads(n, lambda: train(OccupancySampler(**SMALL), range(0, 18))) for n in (1, 2)]
    for one, two in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, two)


def test_no_gradient_reaches_the_field():
    sampler = OccupancySampler(**SMALL)
    scale = jt.array(np.float32([300.0]))
    fainter = FunctionField(lambda x: ball(x) * scale / 300)
    sampler.update(fainter, 0)
    samples = sampler(rays(64, 0), fainter, 0)
    assert (jt.grad(samples.t_starts.sum() + scale.sum(), scale).numpy() == 1).all()


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="target_samples is 0; it must be at least 1024"):
        OccupancySampler(target_samples=0)
    with pytest.raises(ConfigError, match="resolution is 48"):
        OccupancySampler(grid_resolution=48)
    sampler = OccupancySampler(**SMALL)
    with pytest.raises(
        CheckpointError, match=r"the saved 'grid' has shape \[5\], this run needs \[32768\]"
    ):
        sampler.load_state({"grid": np.zeros(5), "counters": np.zeros(4)})


def test_the_step_may_follow_a_schedule_also_when_rendering():
    shrinking = dict(schedule="exponential", value=0.02, start=32, every=1000, factor=0.5)
    sampler = OccupancySampler(**SMALL, step_size=shrinking, total_steps=64)

    def length(step):
        samples = sampler(rays(64, 0), ball, step)
        return float((samples.t_ends - samples.t_starts).numpy().mean())

    sampler.update(ball, 0)
    training = [length(step) for step in (0, 31, 32)]
    np.testing.assert_allclose(training, [0.02, 0.02, 0.01], rtol=1e-3)
    early = length(None)
    sampler.update(ball, 16)
    kept = sampler.state()
    sampler = OccupancySampler(**SMALL, step_size=shrinking, total_steps=64)
    sampler.load_state(kept)
    np.testing.assert_allclose([early, length(None)], [0.02, 0.01], rtol=1e-3)


def test_the_cone_may_follow_a_schedule_also_when_rendering():
    narrowing = dict(schedule="linear", value=0.1, end=0.0, steps=(0, 32))
    sampler = OccupancySampler(**SMALL, cone_angle=narrowing, step_size=0.001, total_steps=64)
    sampler.update(ball, 0)

    def cone(step):
        samples = sampler(rays(64, 0), ball, step)
        starts, ends = samples.t_starts.numpy(), samples.t_ends.numpy()
        return float(((ends - starts) / (0.5 * (ends + starts))).min())

    found = [cone(0), cone(16), cone(None)]
    assert found[0] > 1.5 * found[1] > 0 and found[2] == pytest.approx(found[1], rel=0.01)
    samples = sampler(rays(64, 0), ball, 32)
    lengths = (samples.t_ends - samples.t_starts).numpy()
    np.testing.assert_allclose(lengths, 0.001, rtol=1e-2)


def test_an_impossible_cone():
    with pytest.raises(ConfigError, match="cone_angle is -1.* it must be in 0 .. 1"):
        OccupancySampler(
            **SMALL,
            cone_angle=dict(schedule="linear", value=0, end=-1, steps=(0, 9)),
            total_steps=10,
        )


def test_the_number_of_rays_may_be_fixed():
    sampler = OccupancySampler(**SMALL | {"n_rays_init": 300}, fixed_rays=True)
    train(sampler, range(40))
    assert sampler.n_rays == 300


@pytest.mark.parametrize("length", [0.0, -1.0, 1.0])
def test_an_impossible_step(length):
    with pytest.raises(ConfigError, match=f"step_size is {length}; it must be above 0"):
        OccupancySampler(**SMALL, step_size=length)


def test_occupied_cells_are_those_of_the_grid_above_the_threshold():
    box = [-0.5, -0.5, -0.5, 1.5, 1.5, 1.5]
    sampler = OccupancySampler(box, **SMALL)

    @FunctionField
    def across(positions: jt.Var) -> jt.Var:  # a face of the inner level
        return ball(positions - np.float32([0.5, 0, 0]))

    for step in range(0, 48, 16):
        sampler.update(across, step)
    found = list(sampler.occupied_cells())
    assert [edge for _, edge in found] == [1 / 32, 1 / 16]
    corners = cell_coords(32)
    for (middles, edge), values in zip(found, sampler.grid.numpy().reshape(2, -1), strict=True):
        expected = 0.5 + (corners[values > sampler.empty_below * MIN_STEP] - 15.5) * edge
        if edge == 1 / 16:
            expected = expected[(np.abs(expected - 0.5) > 0.5).any(axis=1)]
        np.testing.assert_allclose(middles, expected, atol=1e-6)
        assert len(middles) > 10
