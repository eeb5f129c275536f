"""A mesh as a dataset: which points, which distances, and where it lies in the field."""

import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, cube_distance, torus, torus_distance, write_obj

from jnerf.datasets.mesh.dataset import MeshDataset
from jnerf.errors import ConfigError


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    return str(
        write_obj(tmp_path_factory.mktemp("mesh") / "cube.obj", 3 * CUBE + [100, 0, -7], CUBE_FACES)
    )


def parts_of(dataset, n, step=0):
    """(points in world units, distances in world units) of a batch."""
    batch = dataset.sample(n, step)
    back = dataset.transform.inverse()
    points = back.points(batch.rays.rays_o.numpy())
    return points, batch.extras["distances"].numpy()[:, 0] * back.scale


def test_distances_are_those_of_the_mesh_wherever_it_lies(cube):
    dataset = MeshDataset(cube, batches_at_once=2)
    points, found = parts_of(dataset, 800)
    away = 3 * cube_distance((points - [100, 0, -7]) / 3)
    np.testing.assert_allclose(found, away, atol=2e-5)
    assert (found[:400] == 0).all() and np.abs(found[400:700]).max() < 0.1
    assert np.abs(found[700:]).max() > 0.5
    field = dataset.sample(800, 0).rays.rays_o.numpy()
    assert field.min() >= 0 and field.max() <= 1
    sizes = np.ptp(field, axis=0)
    np.testing.assert_allclose(sizes, 1, atol=0.05)
    # The surface is spread evenly: a sixth of it on each side.
    sides = (
        np.abs(points[:400] - [100, 0, -7]).argmax(axis=1) * 2
        + (points[:400] > [100, 0, -7])[
            np.arange(400), np.abs(points[:400] - [100, 0, -7]).argmax(axis=1)
        ]
    )
    assert np.bincount(sides, minlength=6).min() > 35


def test_noise_is_as_wide_as_it_says(cube):
    for noise in ("logistic", "normal"):
        dataset = MeshDataset(cube, surface_share=0.0, near_share=1.0, noise=noise, noise_std=0.01)
        batch = dataset.sample(4000, 0)
        away = batch.extras["distances"].numpy()[:, 0]
        middle = np.sort(np.abs(away))[2000] / 0.01
        assert middle == pytest.approx({"logistic": 0.606, "normal": 0.674}[noise], abs=0.06)


def test_noise_may_follow_a_schedule(cube):
    falling = dict(schedule="linear", value=0.004, end=4e-4, steps=(0, 10))
    near = {"surface_share": 0.0, "near_share": 1.0, "batches_at_once": 1}
    dataset = MeshDataset(cube, noise_std=falling, **near)
    wide, narrow = (
        np.abs(dataset.sample(2000, step).extras["distances"].numpy()).mean() for step in (0, 10)
    )
    assert wide / narrow == pytest.approx(10, rel=0.2)
    same = MeshDataset(cube, noise_std=4e-4, **near).sample(2000, 10)
    np.testing.assert_array_equal(
        same.rays.rays_o.numpy(), dataset.sample(2000, 10).rays.rays_o.numpy()
    )


def test_noise_may_end_at_nothing(cube):
    """Near points are on the surface then; the training goes on."""
    falling = dict(schedule="linear", value=0.004, end=0.0, steps=(0, 10))
    near = {"surface_share": 0.0, "near_share": 1.0, "batches_at_once": 1}
    batch = MeshDataset(cube, noise_std=falling, **near).sample(200, 10)
    np.testing.assert_allclose(batch.extras["distances"].numpy(), 0, atol=1e-6)


def test_batches_depend_on_seed_and_step_alone(cube):
    one = MeshDataset(cube, seed=3, batches_at_once=4, passes=2)
    numbers = [one.sample(64, step).rays.rays_o.numpy() for step in range(16)]
    for a, b in ((0, 4), (3, 7), (8, 12)):  # used twice
        np.testing.assert_array_equal(numbers[a], numbers[b])
    fresh = [numbers[i] for i in (0, 1, 2, 3, 8, 9, 10, 11)]
    assert len({array.tobytes() for array in fresh}) == 8
    resumed = MeshDataset(cube, seed=3, batches_at_once=4, passes=2)
    np.testing.assert_array_equal(resumed.sample(64, 9).rays.rays_o.numpy(), numbers[9])
    other = MeshDataset(cube, seed=4, batches_at_once=4, passes=2)
    assert (other.sample(64, 0).rays.rays_o.numpy() != numbers[0]).any()
    assert len(one.sample(0, 0).rays) == 0


def test_ball_and_box(tmp_path):
    vertices, faces = torus(24, 12)
    path = str(write_obj(tmp_path / "torus.obj", vertices, faces))
    ball = MeshDataset(path, fit="ball")
    away = np.linalg.norm(ball.truth.vertices - 0.5, axis=1)
    assert away.max() == pytest.approx(0.5) and ball.transform.scale == pytest.approx(0.4)
    box = MeshDataset(path, margin=0.0)
    np.testing.assert_allclose(np.ptp(box.truth.vertices, axis=0), [1, 0.2, 1], atol=1e-9)
    np.testing.assert_allclose(box.truth.box, [0, 0.4, 0, 1, 0.6, 1], atol=1e-6)
    points, found = parts_of(box, 4000)
    np.testing.assert_allclose(found, torus_distance(points), atol=0.02)


def test_what_a_run_notes_of_it(cube):
    dataset = MeshDataset(cube)
    assert dataset.summary() == {"n_triangles": 12, "n_vertices": 8, "side_by": "normals"}
    assert dataset.facts()["cameras"] is None and len(dataset.cameras) == 8
    middle, radius = dataset.sphere
    for pose in dataset.cameras.c2w:
        away = np.linalg.norm(pose[:, 3] - middle)
        assert np.cross(pose[:, 2], (pose[:, 3] - middle) / away) == pytest.approx(0, abs=1e-5)
        assert radius / away == pytest.approx(np.sin(np.radians(20)) / 1.02, rel=1e-4)
        assert pose[1, 1] > 0.9  # y is up


RISING = {"schedule": "linear", "value": 0.01, "steps": (0, 10)}


@pytest.mark.parametrize(
    "options, message",
    [
        ({"surface_share": 0.8, "near_share": 0.3}, "surface_share is 0.8 and near_share 0.3"),
        ({"near_share": -0.1}, "neither may be negative"),
        ({"noise_std": 0.0}, "noise_std is 0.0"),
        ({"noise_std": {**RISING, "end": 1.0}}, "noise_std is .*'end': 1.0.*; it must be in"),
        ({"noise_std": {**RISING, "end": -0.1}}, "noise_std is .*'end': -0.1.*; it must be in"),
        ({"noise": "pink"}, "noise is 'pink'"),
        ({"fit": "hull"}, "fit is 'hull'"),
        ({"margin": -1.0}, "margin is -1.0"),
        ({"passes": 0}, "passes is 0"),
        ({"batches_at_once": 0}, "batches_at_once is 0"),
        ({"up": "w"}, "up is 'w'"),
        ({"volume_points": 0}, "volume_points is 0"),
        ({"surface_resolution": 2}, "surface_resolution is 2"),
    ],
)
def test_arguments_out_of_range(cube, options, message):
    with pytest.raises(ConfigError, match=message):
        MeshDataset(cube, **options)
