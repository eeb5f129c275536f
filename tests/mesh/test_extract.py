"""Meshes of balls, in world units: radius, colours, cuts, and what is said when there is none."""

import jittor as jt
import numpy as np
import pytest
from captures import facing_poses
from mesh_fields import TURNED, UNIT_BOX, DensityBall, SdfBall, pipeline

from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError, JnerfError
from jnerf.mesh import extract
from jnerf.mesh import libraries as libraries_module
from jnerf.mesh.appearance.color import vertex_colors
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.options import MeshOptions
from jnerf.samplers.occupancy import OccupancySampler

MIDDLE = TURNED.inverse().points([0.5, 0.5, 0.5])
SMALL = MeshOptions(resolution=40)


def get(network, transform=TURNED, sampler=None, scene=None, **options):
    method = pipeline(network, transform, sampler, **(scene or {}))
    return extract_mesh(method, MeshOptions(**{"resolution": 40, **options}), progress=False)


@pytest.mark.parametrize(
    "network, radius", [(SdfBall(), 0.3), (DensityBall(), 0.3 + np.log(4) / 60)]
)
@pytest.mark.parametrize("bound", [None, [*(MIDDLE - 2), *(MIDDLE + 2)]])
def test_a_ball_in_world_units(network, radius, bound):
    mesh = get(network, bound=bound)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.euler_number == 2
    radii = np.linalg.norm(mesh.vertices - MIDDLE, axis=1)
    np.testing.assert_allclose(radii, radius / 0.2, rtol=0.01)
    outward = (mesh.vertices - MIDDLE) / radii[:, None]
    assert (mesh.vertex_normals * outward).sum(axis=1).min() > 0.98
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * (radius / 0.2) ** 3, rel=0.02)
    assert network.evaluating


def test_colours_are_those_seen_from_outside():
    mesh = get(SdfBall())
    outward = TURNED.directions(mesh.vertices - MIDDLE) / (0.3 / 0.2)
    expected = (0.5 + 0.5 * outward) * 255
    np.testing.assert_allclose(mesh.visual.vertex_colors[:, :3], expected, atol=2)
    assert (mesh.visual.vertex_colors[:, 3] == 255).all()


def test_colours_may_be_left_out():
    assert get(SdfBall(), color=False).visual.kind is None


def test_colours_come_in_chunks_and_where_there_is_no_normal():
    random = np.random.default_rng(0)
    normals = random.normal(size=(50, 3))
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)
    points, network = 0.5 + np.float32(0.3) * normals, SdfBall()
    whole = vertex_colors(network, points, normals, 0.01)
    np.testing.assert_array_equal(vertex_colors(network, points, normals, 0.01, chunk=7), whole)
    assert whole.shape == (50, 3) and whole.dtype == np.uint8
    top = np.float32([[0.5, 0.5, 0.8]])
    found = vertex_colors(network, top, np.zeros((1, 3), np.float32), 0.01)
    np.testing.assert_allclose(found, [[128, 128, 255]], atol=1)
    assert vertex_colors(network, top[:0], top[:0], 0.01).shape == (0, 3)


def test_the_samples_of_colours_are_complete():
    seen = []

    class Witness(SdfBall):
        def __call__(self, samples):
            seen.append(samples)
            return super().__call__(samples)

    class TwoRounds:
        earlier_rounds = 1

    get(Witness(), sampler=TwoRounds())
    samples = seen[0]
    assert samples.round == 1 and len(samples) == len(samples.rays)
    np.testing.assert_allclose((samples.t_ends - samples.t_starts).numpy(), 1 / 39, rtol=1e-3)
    np.testing.assert_array_equal(samples.packed_info.numpy()[:3], [[0, 1], [1, 1], [2, 1]])
    np.testing.assert_allclose(np.linalg.norm(samples.rays.rays_d.numpy(), axis=1), 1, rtol=1e-5)
    assert samples.rays.radii.shape == [len(samples), 1]


def test_levels_of_a_distance_are_offsets_in_field_units():
    mesh = get(SdfBall(), level=-0.1)
    radii = np.linalg.norm(mesh.vertices - MIDDLE, axis=1)
    np.testing.assert_allclose(radii, 0.2 / 0.2, rtol=0.01)


class TwoBalls(SdfBall):
    """A second, smaller one near a corner of the box."""

    def sdf(self, positions):
        other = (positions - np.float32([0.88, 0.88, 0.88])).sqr().sum(1).sqrt() - 0.08
        return jt.minimum(self.distance(positions), other)


def test_the_largest_part_alone():
    assert get(TwoBalls()).euler_number == 4
    assert get(TwoBalls(), largest=True).euler_number == 2


def test_only_the_scene_sphere():
    assert get(TwoBalls(), sphere=True).euler_number == 2  # the box's
    sphere = np.array([0.88, 0.88, 0.88]), 0.1
    mesh = get(TwoBalls(), sphere=True, scene={"sphere": sphere})  # the dataset's
    assert mesh.euler_number == 2
    np.testing.assert_allclose(TURNED.points(mesh.vertices).mean(axis=0), 0.88, atol=0.01)
    with pytest.raises(ConfigError, match="outside the scene's sphere: nothing is left"):
        get(TwoBalls(), sphere=True, scene={"sphere": (np.zeros(3), 0.1)})


@pytest.mark.parametrize("network", [SdfBall((0.9, 0.5, 0.5)), DensityBall((0.9, 0.5, 0.5))])
def test_closed_where_the_box_cuts_it(network):
    assert not get(network).is_watertight
    mesh = get(network, close=True)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.euler_number == 2
    points = TURNED.points(mesh.vertices)
    assert points[:, 0].max() == pytest.approx(1, abs=1e-3)
    radius = 0.3 if isinstance(network, SdfBall) else 0.3 + np.log(4) / 60
    height = radius + 0.1  # of the ball's part inside the box
    volume = np.pi * height**2 * (3 * radius - height) / 3 / 0.2**3
    assert mesh.volume == pytest.approx(volume, rel=0.06)


def test_closed_where_the_sphere_cuts_it():
    sphere = np.array([0.7, 0.5, 0.5]), 0.25
    mesh = get(SdfBall(), sphere=True, close=True, scene={"sphere": sphere})
    assert mesh.is_watertight and mesh.euler_number == 2
    points = TURNED.points(mesh.vertices)
    beyond = (
        np.linalg.norm(points - 0.5, axis=1) - 0.3,
        np.linalg.norm(points - sphere[0], axis=1) - 0.25,
    )
    np.testing.assert_allclose(np.maximum(*beyond), 0, atol=0.01)
    assert not get(SdfBall(), sphere=True, scene={"sphere": sphere}).is_watertight
    with pytest.raises(ConfigError, match="outside the scene's sphere: nothing is left"):
        get(SdfBall(), sphere=True, close=True, scene={"sphere": (np.zeros(3), 0.1)})


def test_a_closed_surface_is_left_as_it_is():
    kept, plain = get(SdfBall(), close=True), get(SdfBall())
    np.testing.assert_array_equal(kept.vertices, plain.vertices)
    bound = [*(MIDDLE - 9), *(MIDDLE + 9)]  # beyond the field's box
    assert get(SdfBall(), bound=bound, close=True).is_watertight


def test_a_bound_beyond_the_field_makes_up_nothing():
    """Fields answer outside their box too, here with a ball that reaches out of it."""
    network = SdfBall((0.9, 0.5, 0.5), 0.3)
    inside = get(network, Similarity())
    beyond = get(network, Similarity(), bound=[-1, -1, -1, 2, 2, 2], resolution=118)
    for mesh in (inside, beyond):
        assert mesh.vertices[:, 0].max() <= 1 + 1e-4 and not mesh.is_watertight
    assert beyond.area == pytest.approx(inside.area, rel=0.03)
    with pytest.raises(ConfigError, match="outside the field's box"):
        get(SdfBall((1.6, 0.5, 0.5), 0.3), Similarity(), bound=[1.1, 0, 0, 2, 1, 1])


def test_a_grid_of_occupied_cells_saves_work_and_changes_nothing():
    sampler = OccupancySampler(grid_resolution=32, target_samples=4096, seed=1)
    dense = DensityBall((0.4, 0.5, 0.6), 0.2)
    for step in range(0, 64, 16):
        sampler.update(FrozenField(dense), step)
    options = {"resolution": 64, "level": 100.0, "color": False}
    dense.asked = 0
    without = get(dense, **options)
    everything, dense.asked = dense.asked, 0
    within = get(dense, sampler=sampler, **options)
    assert dense.asked < 0.6 * everything
    np.testing.assert_array_equal(within.vertices, without.vertices)
    np.testing.assert_array_equal(within.faces, without.faces)
    # of a level below what makes a cell occupied, the grid knows nothing
    dense.asked = 0
    get(dense, sampler=sampler, **options | {"level": 0.5 * sampler.empty_below})
    assert dense.asked == everything


@pytest.mark.parametrize(
    "network, options, message",
    [
        (
            SdfBall(radius=-0.1),
            {},
            r"level 0 is nowhere crossed, .*distances from 0\.\d+ to \d.*--level",
        ),
        (DensityBall(), {"level": 1e9}, r"level 1e\+09 .*densities from \d.* to 2\.2\d+e\+06"),
        (
            SdfBall((0.4375, 0.4375, 0.4375), 0.03),
            {"resolution": 9},
            "thinner than a cell: raise --resolution above 9",
        ),
        (SdfBall(), {"bound": [3, 3, 3, 4, 4, 4]}, "another --bound"),
    ],
)
def test_no_surface_says_what_was_seen(network, options, message):
    with pytest.raises(ConfigError, match=message):
        get(network, Similarity(), **options)


def test_ndc_is_refused():
    n = 3
    poses, sizes = facing_poses(n, distance=0.0)[:, :3], np.tile([40, 30], (n, 1))
    method = pipeline(SdfBall())
    method.dataset.cameras = NDCCameras(poses, np.tile([35.0, 35.0, 20.0, 15.0], (n, 1)), sizes)
    with pytest.raises(ConfigError, match="this field is in NDC.*'bounded'"):
        extract_mesh(method, SMALL)


def test_too_many_points_for_the_memory(monkeypatch):
    monkeypatch.setattr(extract, "free_memory", lambda: 2 * 10**9)
    with pytest.raises(
        ConfigError, match=r"4096 x 4096 x 4096 points need 4.5 GiB of memory, 1.9 GiB"
    ):
        get(SdfBall(), resolution=4096)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(libraries_module.importlib, "import_module", _no_library)
    with pytest.raises(JnerfError, match=r"pip install scikit-image, or.*jnerf\[mesh\]"):
        get(SdfBall())


def _no_library(name):
    raise ImportError(f"No module named {name!r}")


def test_the_box_may_be_long():
    aabb = np.float32([0, 0, 0, 2, 1, 1])
    method = pipeline(SdfBall((1.4, 0.5, 0.5)), Similarity(), aabb=aabb)
    mesh = extract_mesh(method, MeshOptions(resolution=61), progress=False)
    assert mesh.is_watertight
    np.testing.assert_allclose(mesh.bounds, [[1.1, 0.2, 0.2], [1.7, 0.8, 0.8]], atol=0.01)
    assert UNIT_BOX.shape == aabb.shape
