"""Blender scenes at several resolutions: sizes, cameras, pixels, splits, wrong arguments."""

import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.blender.multiscale import MultiscaleBlenderDataset
from jnerf.datasets.pictures.decoding import shrink
from jnerf.errors import ConfigError


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return str(make_tiny_blender(tmp_path_factory.mktemp("scene"), n=3, size=32))


def test_every_view_at_every_scale(scene):
    one, many = BlenderDataset(scene), MultiscaleBlenderDataset(scene)
    assert many.n_images == 12 and many.facts()["n_images"] == 12
    for k, scale in enumerate((1, 2, 4, 8)):
        for i in range(3):
            view = many.view(3 * k + i)
            assert (view.width, view.height) == (32 // scale, 32 // scale)
            assert view.name == f"{one.view(i).name}_{scale}"
            np.testing.assert_array_equal(view.rgba(), shrink(one.view(i).rgba(), scale))


def test_a_coarse_pixel_looks_at_the_middle_of_its_fine_ones(scene):
    many = MultiscaleBlenderDataset(scene, scales=(1, 4))
    fine, coarse = (many.view(i).rays().rays_d.numpy() for i in (1, 4))
    blocks = fine.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3)).reshape(-1, 3)
    blocks /= np.linalg.norm(blocks, axis=1, keepdims=True)
    np.testing.assert_allclose(coarse, blocks, atol=2e-4)
    radii = [many.view(i).rays().radii.numpy().mean() for i in (1, 4)]
    assert radii[1] == pytest.approx(4 * radii[0], rel=1e-3)


def test_batches_hold_the_truth_and_all_scales_alike(scene):
    many = MultiscaleBlenderDataset(scene)
    batch = many.sample(1200, 5)
    images, x, y = many.draw_pixels(1200, 5)
    assert np.bincount(images).tolist() == [100] * 12
    truth = np.stack([many.view(i).rgba()[b, a] for i, a, b in zip(images, x, y, strict=True)])
    np.testing.assert_allclose(batch.rgba.numpy(), truth / np.float32(255), atol=1e-7)
    assert batch.rays.radii.shape == [1200, 1]


@pytest.mark.parametrize("scales", [(), (0,), (1, 1)])
def test_wrong_scales(scene, scales):
    with pytest.raises(ConfigError, match="scales must be different integers of at least 1"):
        MultiscaleBlenderDataset(scene, scales=scales)


def test_a_scale_that_does_not_divide(scene):
    with pytest.raises(
        ConfigError, match="images of 32x32 pixels cannot be divided by the scale 5"
    ):
        MultiscaleBlenderDataset(scene, scales=(1, 5))
