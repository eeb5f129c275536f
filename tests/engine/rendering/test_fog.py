"""Views of fog: what is interpolated is nearly what would have been rendered, and what is no fog keeps its bits."""

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.rendering.fog import FOG, render_view
from jnerf.engine.rendering.image import render_image
from jnerf.structures import RayBundle, RenderOutput


def smooth(x, y):
    return np.stack([0.2 + 0.004 * x, 0.1 + 0.005 * y, 0.3 + 0.002 * x - 0.001 * y], 1)


def with_disc(x, y):
    inside = (x - 41) ** 2 + (y - 30) ** 2 < 15**2
    return np.where(inside[:, None], 0.9, smooth(x, y))


class Scene:
    """A pipeline whose rays start at their pixels, and whose pictures are a formula of those."""

    def __init__(self, colors, per_ray=2 * FOG, knows_empty=True, normals=False):
        self.rendered = []
        cells = (lambda: iter(())) if knows_empty else None

        def sampler(rays, field, step):
            return Samples(rays, per_ray)

        sampler.occupied_cells = cells

        def renderer(samples, output, background):
            x, y = samples.rays.rays_o.numpy()[:, :2].T
            self.rendered += list(zip(x.astype(int), y.astype(int), strict=True))
            maps = 0.5 + 0.002 * (x + y)[:, None], 1 + 0.01 * (x + y)[:, None]
            extras = {"normals": jt.array(np.stack([x, y, x - y], 1) / 100)} if normals else {}
            arrays = [jt.array(v.astype(np.float32)) for v in (colors(x, y), *maps)]
            return RenderOutput(*arrays, None, None, extras=extras)

        renderer.test_background = lambda n_rays: None
        self.sampler, self.renderer, self.network = sampler, renderer, lambda samples: None

    @staticmethod
    def rows(width):
        def rows(first, end):
            y, x = np.mgrid[first:end, 0:width].reshape(2, -1)
            o = np.stack([x, y, np.zeros_like(x)], 1).astype(np.float32)
            return RayBundle(jt.array(o), jt.array(np.ones_like(o)))

        return rows


class Samples:
    def __init__(self, rays, per_ray):
        self.rays, self._per_ray = rays, per_ray

    def __len__(self):
        return len(self.rays) * self._per_ray


def whole(scene, width, height):
    return render_image(scene, scene.rows(width), width, height)


@pytest.mark.parametrize("width, height", [(97, 65), (80, 64), (71, 103), (33, 40)])
def test_what_neighbours_predict_is_not_rendered(width, height):
    scene = Scene(smooth, normals=True)
    expected = whole(scene, width, height)
    scene.rendered.clear()
    found, share = render_view(scene, scene.rows(width), width, height, tolerance=0.01)
    for name in ("colors", "opacities", "depths", "normals"):
        values = getattr(found, name)
        assert values.shape == getattr(expected, name).shape
        # linear in x and y, but for depths: a quotient of two linear sums
        np.testing.assert_allclose(values, getattr(expected, name), atol=2e-3)
    lattice = (-(-width // 4) + 8) * (-(-height // 4) + 8) / (width * height)
    assert share < lattice + 7 * (width + height) / (width * height)
    assert len(set(scene.rendered)) <= share * width * height + width * height / 16**2 + 20


def test_edges_are_rendered_pixel_by_pixel():
    scene = Scene(with_disc)
    expected = whole(scene, 97, 81)
    scene.rendered.clear()
    found, share = render_view(scene, scene.rows(97), 97, 81, tolerance=0.01)
    assert share < 0.5
    error = np.abs(found.colors - expected.colors).max(-1)
    assert (
        error > 0.02
    ).mean() < 0.01  # corners of the disc that reach between the lattice's points
    rendered = np.zeros((81, 97), bool)
    x, y = np.array(scene.rendered).T
    rendered[y, x] = True
    np.testing.assert_array_equal(found.colors[rendered], expected.colors[rendered])
    assert rendered.mean() == pytest.approx(share, abs=1 / 16**2)
    coarse, fewer = render_view(scene, scene.rows(97), 97, 81, tolerance=0.9)
    assert fewer < share and np.abs(coarse.colors - expected.colors).max() > 0.3


@pytest.mark.parametrize(
    "scene, size, tolerance",
    [
        (dict(per_ray=FOG // 2), 64, 0.02),  # no fog
        (dict(knows_empty=False), 64, 0.02),  # as many samples for any field
        (dict(), 64, 0.0),  # not wanted
        (dict(), 30, 0.02),  # nothing to be gained
    ],
)
def test_all_other_views_are_rendered_as_ever(scene, size, tolerance):
    scene = Scene(with_disc, **scene)
    expected = whole(scene, size, size)
    found, share = render_view(scene, scene.rows(size), size, size, tolerance=tolerance)
    assert share == 1
    np.testing.assert_array_equal(found.colors, expected.colors)
    np.testing.assert_array_equal(found.depths, expected.depths)


def test_stopping_ends_it():
    scene = Scene(smooth)

    def rows(first, end):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_view(scene, rows, 64, 64, tolerance=0.02)
