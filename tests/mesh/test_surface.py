"""Surfaces: sewn together without a trace, closed, turned outwards, cut as asked."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from jnerf.errors import ConfigError
from jnerf.mesh import marching
from jnerf.mesh.libraries import library
from jnerf.mesh.surface import Surface
from jnerf.mesh.volume import prepared


def ball(n=24, middle=(12, 12, 12), radius=8.3):
    at = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1)
    return (radius - np.linalg.norm(at - np.array(middle), axis=-1)).astype(np.float32)


def zero_level(volume, thickness=8):
    volume = prepared(volume)
    layers = [volume[i : i + thickness] for i in range(0, len(volume), thickness)]
    return marching.zero_level(layers, volume.shape)


def in_one_piece(volume):
    measure = library("skimage.measure")
    found = measure.marching_cubes(prepared(volume), 0.0, gradient_direction="ascent")
    return Surface(found[0].astype(np.float64), found[1])


def in_order(faces):
    """Faces that each begin with their least vertex, sorted."""
    first = faces.argmin(axis=1)
    turned = np.stack([faces[np.arange(len(faces)), (first + k) % 3] for k in range(3)], axis=1)
    return turned[np.lexsort(turned.T[::-1])]


def noise(seed, n=18, whole=False):
    """Every ambiguous case of marching cubes, inside a border of emptiness; whole numbers have ties and zeros."""
    volume, random = np.full((n, n, n), -1, np.float32), np.random.default_rng(seed)
    size = (n - 2, n - 2, n - 2)
    volume[1:-1, 1:-1, 1:-1] = random.integers(-2, 3, size) if whole else random.normal(size=size)
    return volume


@pytest.mark.parametrize("tile", [3, 7, 64])
@pytest.mark.parametrize("volume", [noise(7), noise(8, whole=True), noise(9, 23)])
def test_tiles_give_the_faces_of_one_piece(volume, tile, monkeypatch):
    monkeypatch.setattr(marching, "TILE", tile)
    found, whole = zero_level(volume), in_one_piece(volume)
    distances, same = cKDTree(whole.vertices).query(found.vertices)
    assert distances.max() < 1e-5
    np.testing.assert_array_equal(np.sort(same), np.arange(len(whole.vertices)))  # none is twice
    np.testing.assert_array_equal(in_order(same[found.faces]), in_order(whole.faces))
    assert is_closed(found.faces) and found.faces.max() == len(found.vertices) - 1


def test_a_surface_that_does_not_fit_stops_the_work(monkeypatch):
    monkeypatch.setattr(marching, "free_memory", lambda: 10**5)
    with pytest.raises(ConfigError, match=r"after 9 of 18 layers the surface has \d+ faces"):
        zero_level(noise(1))


def edges(faces):
    """Directed edges and how often each occurs."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(pairs, axis=0, return_counts=True)


def is_closed(faces):
    """Every edge occurs as often in one direction as in the other."""
    pairs, counts = edges(faces)
    back, back_counts = edges(faces[:, ::-1])
    return np.array_equal(pairs, back) and np.array_equal(counts, back_counts)


def signed_volume(surface):
    a, b, c = np.moveaxis(surface.vertices[surface.faces], 1, 0)
    return (a * np.cross(b, c)).sum() / 6


def euler_characteristic(surface):
    n_edges = len(np.unique(np.sort(edges(surface.faces)[0], axis=1), axis=0))
    return len(surface.vertices) - n_edges + len(surface.faces)


def test_a_ball_is_a_closed_sphere_turned_outwards():
    surface = zero_level(ball())
    assert is_closed(surface.faces) and euler_characteristic(surface) == 2
    assert signed_volume(surface) == pytest.approx(4 / 3 * np.pi * 8.3**3, rel=0.02)
    radii = np.linalg.norm(surface.vertices - 12, axis=1)
    np.testing.assert_allclose(radii, 8.3, atol=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_closed_too(seed):
    surface = zero_level(noise(seed))
    assert len(surface.faces) > 1000 and is_closed(surface.faces)


@pytest.mark.parametrize("seed", range(4))
def test_small_whole_numbers_are_closed_too(seed):
    surface = zero_level(noise(seed, whole=True))
    assert len(surface.faces) > 1000 and is_closed(surface.faces)


def test_no_surface():
    assert len(zero_level(np.full((4, 4, 4), -1, np.float32)).faces) == 0
    assert len(Surface(np.empty((0, 3)), np.empty((0, 3), np.int64)).largest_part().faces) == 0


def test_the_largest_part():
    both = np.maximum(ball(40, (12, 12, 12)), ball(40, (31, 31, 31), 4.2))
    surface = zero_level(both)
    assert euler_characteristic(surface) == 4
    largest = surface.largest_part()
    assert euler_characteristic(largest) == 2
    np.testing.assert_allclose(np.linalg.norm(largest.vertices - 12, axis=1), 8.3, atol=0.03)


def test_only_what_is_within():
    surface = zero_level(ball())
    half = surface.within(surface.vertices[:, 0] < 12)
    assert len(half.faces) < len(surface.faces) and half.vertices[:, 0].max() < 12
    assert half.faces.max() == len(half.vertices) - 1 and not is_closed(half.faces)
    known = {tuple(v) for v in surface.vertices}
    assert all(tuple(v) in known for v in half.vertices)


def test_large_parts():
    both = np.maximum(ball(40, (12, 12, 12)), ball(40, (31, 31, 31), 4.2))
    surface = zero_level(both)
    assert euler_characteristic(surface.large_parts(min_faces=10)) == 4
    assert euler_characteristic(surface.large_parts(min_faces=700)) == 2
    assert euler_characteristic(surface.large_parts(min_size=13)) == 4  # a diagonal of 14.5
    large = surface.large_parts(min_size=16)
    np.testing.assert_array_equal(large.vertices, surface.largest_part().vertices)
    assert len(surface.large_parts(min_faces=10**6).faces) == 0
