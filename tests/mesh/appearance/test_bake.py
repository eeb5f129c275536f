"""Pictures of surfaces: every texel of a triangle is painted once, with what is at its place."""

import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.mesh.appearance.bake import bake, fill_gutters, rasterize


def inside(corners, size):
    """Texel centres in one triangle, by the definition; those on its border left out of account: NaN."""
    y, x = np.mgrid[0:size, 0:size]
    a, b, c = corners
    sides = []
    for p, q in ((a, b), (b, c), (c, a)):
        sides.append((q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]))
    sides = np.array(sides)
    found = ((sides > 0).all(axis=0) | (sides < 0).all(axis=0)).astype(float)
    found[np.abs(sides).min(axis=0) < 1e-6] = np.nan
    return found


@pytest.mark.parametrize("chunk", [1, 37, 10**6])
def test_texels_are_those_in_the_triangle(chunk):
    random = np.random.default_rng(0)
    corners = random.uniform(-4, 24, (30, 3, 2))
    painted, places = np.zeros((30, 20, 20)), np.full((30, 20, 20, 2), np.nan)
    for texels in rasterize(corners, 20, chunk):
        where = texels.faces, texels.rows, texels.columns
        np.add.at(painted, where, 1)
        places[where] = np.einsum("tc,tck->tk", texels.weights, corners[texels.faces])
    for k in range(30):
        expected = inside(corners[k], 20)
        sure = np.isfinite(expected)
        np.testing.assert_array_equal(painted[k][sure], expected[sure])
    rows, columns = np.mgrid[0:20, 0:20]
    hit = painted > 0
    found = places[hit] - np.broadcast_to(np.stack([columns, rows], -1), places.shape)[hit]
    np.testing.assert_allclose(found, 0, atol=1e-6)


def test_a_triangle_without_an_area_has_no_texel():
    assert list(rasterize(np.array([[[1.0, 1], [5, 5], [9, 9]]]), 12)) == []


def test_the_first_row_of_the_picture_is_its_upper_end():
    uvs, faces = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), np.array([[0, 1, 2], [0, 2, 3]])

    def colors(corners, weights):
        places = np.einsum("tc,tck->tk", weights, uvs[corners])
        return np.concatenate([255 * places, np.zeros((len(places), 1))], axis=1).astype(np.uint8)

    image = bake(uvs, faces, 16, colors, chunk=50, progress=False)
    centres = (np.arange(16) + 0.5) / 16 * 255
    np.testing.assert_allclose(image[3, :, 0], centres, atol=1)
    np.testing.assert_allclose(image[:, 3, 1], centres[::-1], atol=1)


def test_triangles_smaller_than_texels_are_an_error():
    uvs = np.array([[0.01, 0.01], [0.02, 0.01], [0.01, 0.02]])
    with pytest.raises(ConfigError, match="--texture 16: its texels are larger"):
        bake(uvs, np.array([[0, 1, 2]]), 16, lambda *_: np.zeros((0, 3)), progress=False)


def test_gutters_repeat_the_nearest_texel_and_far_away_is_the_mean():
    image, painted = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), bool)
    image[10, 10], image[10, 20] = (200, 0, 0), (0, 100, 0)
    painted[10, [10, 20]] = True
    fill_gutters(image, painted)
    assert image[10, 8].tolist() == image[14, 12].tolist() == [200, 0, 0]
    assert image[10, 23].tolist() == [0, 100, 0]
    assert image[50, 50].tolist() == [100, 50, 0]
