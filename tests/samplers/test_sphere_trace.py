"""Sphere tracing: where rays meet known surfaces, and the pictures that the renderer makes of that."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.renderers.surface import SurfaceRenderer
from jnerf.samplers.field import Field
from jnerf.samplers.sphere_trace import SphereTraceSampler
from jnerf.structures import FieldOutput, RayBundle

BOX = np.float32([0, 0, 0, 1, 1, 1])


class Ball(Field):
    """A ball in the middle of the box, whose distance is too long by ``stretch``."""

    def __init__(self, radius=0.25, stretch=1.0):
        self.radius, self.stretch, self.asked = radius, stretch, 0

    def density(self, positions):
        raise NotImplementedError

    def sdf(self, positions):
        self.asked += positions.shape[0]
        return self.stretch * (jt.sqrt(jt.sqr(positions - 0.5).sum(1)) - self.radius)

    def gradient(self, positions):
        return 3 * (positions - 0.5)  # of any length


def rays(origins, directions):
    d = np.float32(directions)
    d /= np.maximum(np.linalg.norm(d, axis=1, keepdims=True), 1e-9)
    return RayBundle(jt.array(np.float32(origins)), jt.array(d))


def around(n=400, seed=0):
    """Rays from outside towards the ball or past it, and how far away they meet it; inf where they do not."""
    random = np.random.default_rng(seed)
    o = random.normal(size=(n, 3))
    o = 0.5 + 1.5 * o / np.linalg.norm(o, axis=1, keepdims=True)
    d = random.uniform(0.1, 0.9, (n, 3)) - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    along = ((0.5 - o) * d).sum(1)
    inside = 0.25**2 - (np.square(0.5 - o).sum(1) - along**2)
    return o, d, np.where(inside > 0, along - np.sqrt(np.maximum(inside, 0)), np.inf)


@pytest.mark.parametrize("stretch", [1.0, 0.5, 1.2])
def test_rays_meet_the_surface_where_it_is(stretch):
    o, d, away = around()
    field = Ball(stretch=stretch)
    samples = SphereTraceSampler(BOX, step_scale=0.8)(rays(o, d), field, None)
    found = samples.packed_info.numpy()[:, 1] == 1
    sure = ~np.isclose(np.linalg.norm(np.cross(0.5 - o, d), axis=1), 0.25, atol=2e-3)
    np.testing.assert_array_equal(found[sure], np.isfinite(away)[sure])
    assert 0.1 < found.mean() < 0.9
    t, hits = samples.t_starts.numpy(), samples.ray_indices.numpy()
    np.testing.assert_array_equal(hits, np.flatnonzero(found))
    met = np.isfinite(away[hits]) & sure[hits]
    np.testing.assert_allclose(t[met], away[hits][met], atol=6e-3)  # rays that graze it
    np.testing.assert_allclose(samples.positions.numpy(), o[hits] + t[:, None] * d[hits], atol=1e-5)
    outward = samples.positions.numpy() - 0.5
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    np.testing.assert_allclose(samples.normals.numpy(), outward, atol=1e-5)
    first = samples.packed_info.numpy()
    np.testing.assert_array_equal(first[found, 0], np.arange(found.sum()))
    assert field.asked < 40 * len(o)


def test_rays_past_the_box_and_along_its_faces_ask_nothing():
    field = Ball()
    o = [[-1, 2, 0.5], [0.5, 0.5, -1], [-1, -1e-4, 0.5], [2, 0.5, 0.5]]
    d = [[1, 0, 0], [0, 0, -1], [1, 0, 0], [1, 0, 0]]
    samples = SphereTraceSampler(BOX)(rays(o, d), field, None)
    assert len(samples) == 0 and field.asked == 0
    inner = SphereTraceSampler(BOX)(rays([[0.5, 0.5, 0.5]], [[1, 0, 0]]), field, None)
    assert len(inner) == 1  # whoever is inside sees it at once


def test_a_ray_that_takes_too_many_steps_meets_nothing():
    o, d, _ = around(50)
    assert len(SphereTraceSampler(BOX, max_steps=2)(rays(o, d), Ball(), None)) == 0


def test_in_training_and_without_directions_they_are_points():
    points = np.random.default_rng(0).random((9, 3))
    bundle = rays(points, np.zeros((9, 3)))
    for step in (0, None):
        samples = SphereTraceSampler(BOX)(bundle, Ball(), step)
        assert len(samples) == 9 and samples.normals is None
        np.testing.assert_array_equal(samples.positions.numpy(), np.float32(points))


def render(renderer, o, d, stretch=1.0):
    samples = SphereTraceSampler(BOX)(rays(o, d), Ball(stretch=stretch), None)
    n = len(samples)
    return renderer(samples, FieldOutput(extras={"sdf": jt.zeros((n, 1))}))


def test_pictures_show_the_surface_and_nothing_where_it_is_not():
    o, d, away = around()
    found = render(SurfaceRenderer(), o, d)
    seen = found.opacities.numpy()[:, 0]
    assert set(np.unique(seen)) == {0.0, 1.0} and found.colors.shape == [400, 3]
    np.testing.assert_allclose(found.depths.numpy()[:, 0], np.where(seen, away, 0), atol=6e-3)
    normals = found.extras["normals"].numpy()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), seen, atol=1e-5)
    facing = -(normals * d).sum(axis=1)
    grey = 0.85 * (0.15 + 0.85 * np.maximum(facing, 0)) * seen
    np.testing.assert_allclose(found.colors.numpy(), np.tile(grey[:, None], 3), atol=1e-5)
    colors = render(SurfaceRenderer(shading="normal"), o, d).colors.numpy()
    np.testing.assert_allclose(colors, (0.5 + 0.5 * normals) * seen[:, None], atol=1e-5)


def test_a_picture_of_nothing():
    found = render(SurfaceRenderer(), [[5, 5, 5], [6, 6, 6]], [[1, 0, 0], [1, 0, 0]])
    for channel in (found.colors, found.opacities, found.depths, found.extras["normals"]):
        assert channel.shape[0] == 2 and (channel.numpy() == 0).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"max_steps": 0}, "max_steps is 0"),
        ({"step_scale": 1.5}, "step_scale is 1.5"),
        ({"hit_distance": 0.0}, "hit_distance is 0.0"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        SphereTraceSampler(BOX, **options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"shading": "x"}, "shading is 'x'"),
        ({"albedo": 0.0}, "albedo is 0.0"),
        ({"channel": "rgbs"}, "must name a distance"),
    ],
)
def test_arguments_of_the_renderer_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        SurfaceRenderer(**options)
