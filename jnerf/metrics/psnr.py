"""Peak signal-to-noise ratio of images in [0, 1]: ``-10 log10(MSE)`` in dB, over all pixels and channels."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def psnr(prediction: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """PSNR of one image, its peak being 1.

    Args:
        prediction: [H, W, C], in [0, 1].
        truth: [H, W, C], in [0, 1].

    Returns:
        dB; ``inf`` when the two are equal.

    Raises:
        ValueError: the shapes differ.

    >>> round(psnr(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.1)), 6)
    20.0
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"psnr: prediction is {prediction.shape}, truth {truth.shape}; they must be equal"
        )
    # float64: the sum of a million float32 squares loses digits that show in the second decimal.
    mse = float(np.mean((prediction.astype(np.float64) - truth.astype(np.float64)) ** 2))
    return math.inf if mse == 0 else -10.0 * math.log10(mse)
