"""Structural similarity: Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error
visibility to structural similarity", IEEE TIP 2004, equation 13.

Gaussian window 11 x 11 with standard deviation 1.5, K1 = 0.01, K2 = 0.03, dynamic range 1,
population (not sample) covariance. Only windows that lie wholly inside the image count. A colour
image's value is the mean over its channels.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 11
SIGMA = 1.5
_C1 = 0.01**2
_C2 = 0.03**2
#: Rows of windows that are compared at once: what is computed of them stays in the cache, and no window is another.
_BAND = 64


def ssim(
    prediction: NDArray[np.floating],
    truth: NDArray[np.floating],
    where: NDArray[np.bool_] | None = None,
) -> float:
    """Mean SSIM of one image.

    Args:
        prediction: [H, W, C], in [0, 1]; H and W at least 11.
        truth: [H, W, C], in [0, 1].
        where: [H, W]: only windows about these pixels count, if there are any; None for all.

    Returns:
        1 for equal images, towards -1 for inverted structure.

    Raises:
        ValueError: the shapes differ, or the image is smaller than the window.

    >>> ssim(np.ones((16, 16, 3)), np.ones((16, 16, 3)))
    1.0
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"ssim: prediction is {prediction.shape}, truth {truth.shape}; they must be equal"
        )
    if prediction.ndim != 3 or min(prediction.shape[:2]) < WINDOW:
        raise ValueError(
            f"ssim: needs images [H, W, C] of at least {WINDOW} x {WINDOW} pixels, got {prediction.shape}"
        )
    half = WINDOW // 2
    tops = range(0, prediction.shape[0] - 2 * half, _BAND)
    parts = [slice(top, top + _BAND + 2 * half) for top in tops]
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        found = pool.map(_similarity, *zip(*((prediction[p], truth[p]) for p in parts), strict=True))
        similarity = np.concatenate(list(found))
    if where is not None and where[half:-half, half:-half].any():
        similarity = similarity[where[half:-half, half:-half]]
    return float(similarity.mean())


def _similarity(
    prediction: NDArray[np.floating], truth: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Equation 13 of each window that lies inside both images [H, W, C]: [H - 10, W - 10, C]."""
    x, y = prediction.astype(np.float64), truth.astype(np.float64)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x = _blur(x * x) - mean_x**2
    var_y = _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    similarity = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    similarity /= (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return similarity


def _blur(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian-weighted mean of each window that lies inside ``image`` [H, W, C]: [H - 10, W - 10, C]."""
    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    half = WINDOW // 2
    blurred = cv2.sepFilter2D(image, cv2.CV_64F, kernel, kernel)
    return blurred.reshape(image.shape)[half:-half, half:-half]
