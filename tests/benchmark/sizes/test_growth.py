"""What growth is measured with: scenes of many names, stores larger than any disk here."""

import numpy as np

from jnerf.benchmark.sizes.growth import measure_store, write_scene
from jnerf.datasets.blender.dataset import BlenderDataset


def test_a_scene_of_many_images_is_a_few_views_under_many_names(tmp_path):
    dataset = BlenderDataset(str(write_scene(tmp_path / "scene", 9, 8)))
    assert dataset.n_images == 9
    np.testing.assert_array_equal(dataset.images.image(1), dataset.images.image(5))
    assert (dataset.images.image(0) != dataset.images.image(1)).any()
    np.testing.assert_allclose(dataset.cameras.c2w[1], dataset.cameras.c2w[5])


def test_pixels_of_a_hundred_gigabytes_are_drawn_from_a_file(tmp_path):
    """2 150 photographs of 12 megapixels; the file has holes, so that it takes no room."""
    found = measure_store(100, tmp_path)
    assert found["pixels"] == 100 * 2**28
    assert found["resident_gib"] < 0.2  # the pages that were drawn, and not what lies around them
    assert not any(path.is_file() for path in tmp_path.rglob("*"))  # it has no name any more
