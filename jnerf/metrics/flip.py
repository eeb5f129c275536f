"""FLIP, what a viewer sees when two images alternate: Andersson et al., "FLIP: A Difference Evaluator for Alternating
Images", HPG 2020. The LDR variant, from the authors' own library, with their default distance to the screen."""

from __future__ import annotations

from importlib import metadata

import numpy as np
from numpy.typing import NDArray

from jnerf.metrics.optional import Measure, import_all


def flip_metric() -> Measure:
    """Loads the library.

    Returns:
        FLIP of two images: the mean over pixels, 0 for equal ones and at most 1.

    Raises:
        MetricAbsent: ``flip-evaluator`` is not installed.
    """
    (library,) = import_all({"flip_evaluator": "flip-evaluator"})

    def flip(
        prediction: NDArray[np.floating],
        truth: NDArray[np.floating],
        where: NDArray[np.bool_] | None = None,
    ) -> float:
        if prediction.shape != truth.shape:
            raise ValueError(
                f"flip: prediction is {prediction.shape}, truth {truth.shape}; they must be equal"
            )
        pair = (np.ascontiguousarray(image, dtype=np.float32) for image in (truth, prediction))
        # Its own mean is a sum of float32; that of the map has the digits.
        errors = library.evaluate(*pair, "LDR", applyMagma=False, computeMeanError=False)[0][..., 0]
        return float(np.mean(errors if where is None else errors[where], dtype=np.float64))

    version = metadata.version("flip-evaluator")
    return Measure(flip, f"LDR, 67 pixels per degree, on black; flip-evaluator {version}")
