"""The occupancy sampler with a visual hull: what silhouettes prove empty stays so, all else is given time."""

from contextlib import nullcontext

import jittor as jt
import numpy as np
import pytest
from ball_scene import SMALL, ball, rays
from fields import FunctionField

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import FisheyeLens
from jnerf.errors import ConfigError
from jnerf.ops.occupancy.reference import cell_coords
from jnerf.samplers.occupancy import OccupancySampler

AWAY = np.linalg.norm((cell_coords(32) + 0.5) / 32 - 0.5, axis=1)


@FunctionField
def fog(positions: jt.Var) -> jt.Var:
    """Nowhere much but in a core, around it even less: what a wire looks like when training begins."""
    away = ((positions - 0.5) ** 2).sum(1)
    return 0.3 - 0.2 * (away < 0.25**2).float32() + 300 * (away < 0.1**2).float32()


def cameras(n=8, **lens):
    """Around the ball, the whole box in view."""
    poses = []
    for i, angle in enumerate(np.linspace(0, 2 * np.pi, n, endpoint=False)):
        back = np.array([np.cos(angle), np.sin(angle), 0.5 * (i % 3 - 1)])
        back /= np.linalg.norm(back)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        poses.append(np.stack([right, np.cross(back, right), back, 0.5 + 3 * back], 1))
    intrinsics = np.tile([100.0, 100.0, 40.0, 40.0], (n, 1))
    return Cameras(np.stack(poses), intrinsics, np.full((n, 2), 80), **lens)


def of_the_ball(found, radius=0.25):
    """Silhouettes, as often as they are asked for."""

    def masks():
        for i in range(len(found)):
            y, x = np.mgrid[0:80, 0:80].reshape(2, -1)
            o, d = found.generate_rays(np.full(x.shape, i), x, y)
            along = ((0.5 - o) * d).sum(1)
            yield (((0.5 - o) ** 2).sum(1) - along**2 < radius**2).reshape(80, 80)

    return masks


def occupied(sampler):
    return np.unpackbits(sampler.bitfield.bits.numpy(), bitorder="little").astype(bool)


def trained(steps, field=fog, **arguments):
    sampler = OccupancySampler(**SMALL | arguments)
    for step in steps:
        sampler.update(field, step)
        sampler(rays(sampler.n_rays, step), field, step)
    return sampler


def test_the_hull_is_kept_for_a_while_and_the_rest_never_asked_for():
    found = cameras()
    hull = dict(cameras=found, silhouettes=of_the_ball(found), hull_steps=64)
    without = trained(range(33), cameras=found)
    shell = (AWAY > 0.15) & (AWAY < 0.25)
    assert not occupied(without)[shell].any()
    early = trained(range(33), **hull)
    assert occupied(early)[AWAY < 0.25].all()
    assert not occupied(early)[AWAY > 0.4].any()
    assert (early.grid.numpy()[AWAY > 0.4] == -1).all()
    late = trained(range(65), **hull)
    assert not occupied(late)[shell].any()  # from here on, density decides
    assert occupied(late)[AWAY < 0.05].all()
    assert (late.grid.numpy()[AWAY > 0.4] == -1).all()
    assert occupied(trained(range(65), field=ball, **hull))[AWAY < 0.2].all()


@pytest.mark.parametrize(
    "arguments",
    [
        dict(cameras=cameras(), silhouettes=of_the_ball(cameras())),
        dict(cameras=cameras(), hull_steps=64, silhouettes=lambda: None),
        dict(cameras=cameras(), hull_steps=64),
        dict(hull_steps=64, silhouettes=of_the_ball(cameras())),
        dict(
            cameras=cameras(lens=FisheyeLens(np.zeros((8, 4)))),
            silhouettes=of_the_ball(cameras()),
            hull_steps=64,
        ),
    ],
    ids=["not asked for", "opaque", "no images", "no cameras", "no pinholes"],
)
def test_without_silhouettes_nothing_changes(arguments):
    shared = {"cameras": arguments["cameras"]} if "cameras" in arguments else {}
    said = "hull_steps is 64, but it needs pinhole"
    with pytest.warns(UserWarning, match=said) if "hull_steps" in arguments else nullcontext():
        found = trained(range(20), **arguments)
    expected = trained(range(20), **shared)
    np.testing.assert_array_equal(found.grid.numpy(), expected.grid.numpy())
    np.testing.assert_array_equal(occupied(found), occupied(expected))


def test_a_resumed_sampler_goes_on_alike():
    found = cameras()
    hull = dict(cameras=found, silhouettes=of_the_ball(found), hull_steps=64)
    for stop in (20, 70):
        first = trained(range(stop), **hull)
        resumed = OccupancySampler(**SMALL | hull)
        resumed.load_state(first.state())
        np.testing.assert_array_equal(occupied(resumed), occupied(first))
        for sampler in (first, resumed):
            for step in range(stop, stop + 20):
                sampler.update(fog, step)
        np.testing.assert_array_equal(resumed.grid.numpy(), first.grid.numpy())
        np.testing.assert_array_equal(occupied(resumed), occupied(first))


def test_images_are_not_looked_at_before_training():
    def masks():
        raise AssertionError("decoded for nothing")

    sampler = OccupancySampler(**SMALL, cameras=cameras(), silhouettes=masks, hull_steps=64)
    assert len(sampler(rays(8, 0), ball, None)) == 0
    with pytest.raises(ConfigError, match="hull_steps is -1; it must be at least 0"):
        OccupancySampler(**SMALL, hull_steps=-1)
