"""Points of a ball that is seen from all around, in world units."""

import jittor as jt
import numpy as np
import pytest
from mesh_fields import Ball, pipeline

from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.engine.trained import refuse_ndc
from jnerf.errors import ConfigError
from jnerf.export.points import PointOptions, sample_points
from jnerf.export.thinning import Voxels
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.samplers.uniform import UniformSampler
from jnerf.structures import FieldOutput

MIDDLE = np.zeros(3)  # of the ball in the world: ProceduralDataset moves it to 0.5
RADIUS = 0.3 / 0.33


class SolidBall(Ball):
    """Dense inside, of colour 0.5 + 0.5 n."""

    def density(self, positions: jt.Var) -> jt.Var:
        return 2000.0 * jt.sigmoid(-400.0 * self.distance(positions))

    def execute(self, samples) -> FieldOutput:
        outward = (samples.positions - self.middle) / self.radius
        return FieldOutput(sigmas=self.density(samples.positions), rgbs=0.5 + 0.5 * outward)


@pytest.fixture(scope="module")
def method():
    dataset = ProceduralDataset(n_train=6, resolution=32)
    found = pipeline(SolidBall(), sampler=UniformSampler(n_samples=96, near=0.7, far=1.9))
    found.dataset, found.renderer = dataset, VolumeRenderer(None)
    return found


def get(method, **options):
    return sample_points(method, PointOptions(**options), method.dataset.transform, progress=False)


def test_points_lie_on_the_ball(method):
    cloud = get(method, count=600)
    assert len(cloud.points) == len(cloud.normals) == len(cloud.colors) == 600
    outward = (cloud.points - MIDDLE) / np.linalg.norm(cloud.points - MIDDLE, axis=1)[:, None]
    radii = np.linalg.norm(cloud.points - MIDDLE, axis=1)
    assert np.median(np.abs(radii - RADIUS)) < 0.02
    assert np.percentile(np.abs(radii - RADIUS), 95) < 0.06
    assert np.median((cloud.normals * outward).sum(axis=1)) > 0.99
    np.testing.assert_allclose(np.linalg.norm(cloud.normals, axis=1), 1, rtol=1e-4)
    errors = np.abs(cloud.colors - 255 * (0.5 + 0.5 * outward)).max(axis=1)
    assert np.median(errors) < 8
    assert cloud.points[:, 2].max() > 0.7 * RADIUS  # from all over the views


def test_the_same_seed_gives_the_same_points(method):
    first, second, third = (
        get(method, count=50),
        get(method, count=50),
        get(method, count=50, seed=1),
    )
    np.testing.assert_array_equal(first.points, second.points)
    assert not np.array_equal(first.points, third.points)


def test_one_point_in_each_voxel(method):
    cloud = get(method, count=10**6, voxel=0.2)
    low = MIDDLE - 0.5 / 0.33
    cubes = np.floor((cloud.points - low) / 0.2)
    assert len(np.unique(cubes, axis=0)) == len(cloud.points) < 500


def test_all_pixels_are_asked_once_at_most(method):
    everything = get(method, count=10**6)
    assert 500 < len(everything.points) < 6 * 32 * 32
    assert len(np.unique(everything.points.round(9), axis=0)) == len(everything.points)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"count": 0}, "--count 0"),
        ({"opacity": 0}, "--opacity 0"),
        ({"opacity": 1.5}, "--opacity 1.5"),
        ({"voxel": -1.0}, "--voxel -1.0"),
        ({"voxel": 1e-9, "count": 5}, "can be told apart; choose a larger one"),
    ],
)
def test_numbers_out_of_range(method, options, message):
    with pytest.raises(ConfigError, match=message):
        get(method, **options)


def test_a_field_of_nothing_says_so(method):
    method.network.radius, before = -1.0, method.network.radius
    with pytest.raises(ConfigError, match="no pixel of the training views has an opacity of 0.5"):
        get(method, count=10)
    method.network.radius = before


def test_thinning_remembers_what_came_before():
    voxels = Voxels([[0, 0, 0], [10, 10, 10]], 1.0)
    first = voxels.new(np.array([[0.5, 0.5, 0.5], [0.6, 0.5, 0.5], [9.5, 0.2, 3.3]]))
    assert first.tolist() == [True, False, True]
    second = voxels.new(np.array([[0.9, 0.9, 0.9], [1.1, 0.9, 0.9]]))
    assert second.tolist() == [False, True]


def test_a_field_of_two_dimensions_is_refused(method):
    method.facts["n_dims"] = 2
    with pytest.raises(ConfigError, match="2 dimensions"):
        refuse_ndc(method)
    method.facts["n_dims"] = 3
