"""Surfaces: closed, turned outwards, cut as asked."""

import numpy as np
import pytest

from jnerf.mesh.surface import Surface, zero_level
from jnerf.mesh.volume import off_level


def ball(n=24, middle=(12, 12, 12), radius=8.3):
    at = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1)
    return (radius - np.linalg.norm(at - np.array(middle), axis=-1)).astype(np.float32)


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
    """Every ambiguous case of marching cubes occurs, inside a border of emptiness."""
    volume = np.full((18, 18, 18), -1, np.float32)
    volume[1:-1, 1:-1, 1:-1] = np.random.default_rng(seed).normal(size=(16, 16, 16))
    surface = zero_level(volume)
    assert len(surface.faces) > 1000 and is_closed(surface.faces)


@pytest.mark.parametrize("seed", range(4))
def test_small_whole_numbers_are_closed_too(seed):
    """Ties everywhere, and zeros, as ``evaluate`` leaves them."""
    volume = np.full((18, 18, 18), -1, np.float32)
    volume[1:-1, 1:-1, 1:-1] = np.random.default_rng(seed).integers(-2, 3, (16, 16, 16))
    surface = zero_level(off_level(volume))
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
