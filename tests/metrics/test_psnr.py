import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from jnerf.metrics import psnr


def test_equals_scikit_image():
    rng = np.random.default_rng(0)
    a = rng.random((20, 31, 3), dtype=np.float32)
    b = np.clip(a + rng.normal(0, 0.05, a.shape), 0, 1).astype(np.float32)
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(b, a, data_range=1.0), abs=1e-5)


def test_known_value_and_equal_images():
    assert psnr(np.zeros((4, 4, 3)), np.full((4, 4, 3), 0.01)) == pytest.approx(40.0)
    assert psnr(np.ones((4, 4, 3)), np.ones((4, 4, 3))) == math.inf


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(4, 4, 3\), truth \(4, 5, 3\)"):
        psnr(np.zeros((4, 4, 3)), np.zeros((4, 5, 3)))
