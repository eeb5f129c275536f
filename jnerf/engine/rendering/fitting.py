"""A few numbers of a test view, fitted to pixels of its picture while the field stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.structures import Batch, RayBundle

_BETAS, _EPS = (0.9, 0.99), 1e-12

Floats = NDArray[np.float64]


def fitted(
    start: NDArray[np.floating],
    gradient: Callable[[Floats, int], NDArray[Any]],
    steps: int,
    lr: float,
) -> Floats:
    """Numbers after some steps of Adam, whose learning rate falls to a tenth.

    Args:
        start: the numbers before.
        gradient: (numbers, step) -> gradient of what is to be small.
        steps: how many.
        lr: learning rate of the first.
    """
    found = np.asarray(start, np.float64)
    moments = np.zeros((2, *found.shape))
    for step in range(steps):
        grad = np.asarray(gradient(found, step), np.float64)
        for k, (beta, power) in enumerate(zip(_BETAS, (grad, grad**2), strict=True)):
            moments[k] = beta * moments[k] + (1 - beta) * power
        mean, square = (m / (1 - b ** (step + 1)) for m, b in zip(moments, _BETAS, strict=True))
        found = found - lr * 0.1 ** (step / steps) * mean / (np.sqrt(square) + _EPS)
    return found


def pixel_error(pipeline: Pipeline, rays: RayBundle, truth: NDArray[np.float32]) -> jt.Var:
    """The mean squared error of pixels as a test shows them, a scalar with gradients.

    Args:
        pipeline: the method.
        rays: of the pixels.
        truth: straight RGBA, float32 [R, 4].
    """
    samples = pipeline.sampler(rays, FrozenField(pipeline.network), None)
    behind = pipeline.renderer.test_background(len(rays))
    render = pipeline.renderer(samples, pipeline.network(samples), behind)
    batch = Batch(rays, jt.array(truth).stop_grad())
    return jt.sqr(render.colors - batch.target(None)).mean()
