"""Captures at several resolutions: sizes, lenses, what rays count, metrics of each scale, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from colmap_scenes import write_scene
from scenes import make_tiny_blender

from jnerf.datasets.blender.multiscale import MultiscaleBlenderDataset
from jnerf.datasets.cameras.lenses import OpenCVLens
from jnerf.datasets.cameras.lenses.repeated import RepeatedLens
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.colmap.multiscale import MultiscaleCOLMAPDataset
from jnerf.datasets.pictures.decoding import shrink
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.datasets.transforms.multiscale import MultiscaleTransformsDataset
from jnerf.errors import ConfigError


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return str(make_tiny_blender(tmp_path_factory.mktemp("scene"), n=3, size=37))


def test_sizes_that_are_no_multiple_lose_their_last_rows(scene):
    one, many = TransformsDataset(scene), MultiscaleTransformsDataset(scene, scales=(1, 4))
    n = one.n_images
    assert many.n_images == 2 * n
    assert [(v.width, v.height) for v in map(many.view, (0, n))] == [(36, 36), (9, 9)]
    np.testing.assert_array_equal(many.view(0).rgba(), one.view(0).rgba()[:36, :36])
    np.testing.assert_array_equal(many.view(n).rgba(), shrink(one.view(0).rgba()[:36, :36], 4))
    fine, coarse = (many.view(i).rays().rays_d.numpy() for i in (0, n))
    blocks = fine.reshape(9, 4, 9, 4, 3).mean(axis=(1, 3)).reshape(-1, 3)
    blocks /= np.linalg.norm(blocks, axis=1, keepdims=True)
    np.testing.assert_allclose(coarse, blocks, atol=2e-4)


def test_rays_of_small_images_count_more(scene):
    many = MultiscaleTransformsDataset(scene)
    batch, images = many.sample(240, 5), many.draw_pixels(240, 5)[0]
    right = np.repeat([1, 2, 4, 8], many.n_images // 4)[images]
    np.testing.assert_array_equal(batch.extras["weights"].numpy()[:, 0], right)
    assert batch.first(7).extras["weights"].shape == [7, 1]
    assert "weights" not in MultiscaleTransformsDataset(scene, weighted=False).sample(24, 5).extras
    even = str(make_tiny_blender(Path(scene) / "even", n=2, size=32))
    assert MultiscaleBlenderDataset(even, weighted=True).sample(24, 1).extras["weights"].shape == [
        24,
        1,
    ]
    assert not MultiscaleBlenderDataset(even).sample(24, 1).extras


def test_a_model_of_colmap_at_two_scales(tmp_path):
    write_scene(tmp_path / "photographs")
    root = str(tmp_path / "photographs")
    one = COLMAPDataset(root, masks=False)
    many = MultiscaleCOLMAPDataset(root, masks=False, scales=(1, 2))
    n = one.n_images
    assert many.n_images == 2 * n and many.near == one.near
    width, height = one.cameras.sizes[0] // 2
    assert (many.view(n).width, many.view(n).height) == (width, height)
    np.testing.assert_allclose(many.cameras.c2w[n:], one.cameras.c2w)


def test_copies_of_a_bent_camera_bend_alike():
    lens = OpenCVLens(np.float64([[0.1, 0, 0, 0, 0, 0], [-0.1, 0, 0, 0, 0, 0]]))
    copies = RepeatedLens(lens, 2)
    plane = np.random.default_rng(0).uniform(-0.3, 0.3, (4, 2))
    which = np.arange(4)
    directions = copies.directions(plane, which)
    np.testing.assert_array_equal(directions, lens.directions(plane, which % 2))
    for i in range(4):
        found, seen = copies.plane(directions[i : i + 1], i)
        assert seen.all()
        np.testing.assert_allclose(found[0], plane[i], atol=1e-6)
    assert copies.key(0) == copies.key(2) != copies.key(1)
    assert copies.describe(3) == lens.describe(1)


def test_images_that_are_too_small_are_refused(scene):
    with pytest.raises(ConfigError, match="an image of 37x37 pixels is too small for the scales"):
        MultiscaleTransformsDataset(scene, scales=(1, 64))
    with pytest.raises(ConfigError, match="scales must be different integers"):
        MultiscaleTransformsDataset(scene, scales=(2, 2))
