import sys

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from jnerf.metrics import ssim


def _pair(noise, shape=(40, 53, 3)):
    rng = np.random.default_rng(1)
    grid = np.linspace(0, 9, shape[0] * shape[1] * shape[2]).reshape(shape)
    truth = (0.5 + 0.5 * np.sin(grid)).astype(np.float32)
    return np.clip(truth + rng.normal(0, noise, shape), 0, 1).astype(np.float32), truth


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.5])
def test_equals_scikit_image(noise):
    prediction, truth = _pair(noise)
    expected = structural_similarity(
        prediction.astype(np.float64),
        truth.astype(np.float64),
        channel_axis=2,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(prediction, truth) == pytest.approx(expected, abs=1e-9)


def test_smallest_image_and_one_channel():
    prediction, truth = _pair(0.1, (11, 11, 1))
    assert -1 <= ssim(prediction, truth) < 1
    assert ssim(truth, truth) == pytest.approx(1.0)


def test_too_small_and_unequal_shapes_are_errors():
    with pytest.raises(ValueError, match="at least 11 x 11"):
        ssim(np.zeros((10, 11, 3)), np.zeros((10, 11, 3)))
    with pytest.raises(ValueError, match="they must be equal"):
        ssim(np.zeros((12, 11, 3)), np.zeros((11, 12, 3)))


def test_windows_about_some_pixels():
    """Half of an image alone is nearly that half as an image of its own; where all count, nothing changes."""
    prediction, truth = _pair(0.1)
    prediction[:, 30:] = 0
    left = np.zeros(truth.shape[:2], bool)
    left[:, :25] = True
    assert ssim(prediction, truth, left) == pytest.approx(ssim(prediction[:, :30], truth[:, :30]))
    assert ssim(prediction, truth, ~left & False) == ssim(prediction, truth, ~left | True)
    assert ssim(prediction, truth, left | True) == ssim(prediction, truth)


@pytest.mark.parametrize("shape", [(11, 11, 3), (74, 30, 1), (75, 31, 3), (203, 40, 4)])
def test_bands_are_the_whole_picture_bit_by_bit(shape, monkeypatch):
    random = np.random.default_rng(0)
    prediction, truth = random.random((2, *shape), np.float32)
    where = random.random(shape[:2]) > 0.5
    found = [ssim(prediction, truth), ssim(prediction, truth, where)]
    monkeypatch.setattr(sys.modules["jnerf.metrics.ssim"], "_BAND", 10**6)
    assert found == [ssim(prediction, truth), ssim(prediction, truth, where)]
