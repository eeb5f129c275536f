"""A rendered view over another background."""

import numpy as np

from jnerf.imaging.image import Image


def test_over_white():
    image = Image(
        np.full((1, 1, 3), 0.25, np.float32), np.full((1, 1), 0.5, np.float32), np.zeros((1, 1))
    )
    assert np.allclose(image.over_white(), 0.75)
