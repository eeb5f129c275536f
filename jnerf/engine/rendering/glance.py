"""A look at some pixels of some frames, before a film is rendered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.channels import span_of
from jnerf.engine.rendering.fog import render_view
from jnerf.engine.rendering.shots import Shot
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle

# Frames that are looked at, and every how many-th pixel of them.
_FRAMES, _STRIDE = 8, 8


def depth_span(
    pipeline: Pipeline, shots: Sequence[Shot], rays_per_chunk: int | None
) -> tuple[float, float]:
    """Near and far end of the depth's colours for a whole film, field units, so that they do not flicker.

    Args:
        pipeline: the method; the caller applies the EMA.
        shots: the film's frames.
        rays_per_chunk: rays rendered at once.
    """
    some = np.unique(np.linspace(0, len(shots) - 1, _FRAMES).round().astype(int))
    return span_of(_glance(pipeline, shots[i], rays_per_chunk) for i in some)


def _glance(pipeline: Pipeline, shot: Shot, rays_per_chunk: int | None) -> Image:
    """Every so many-th pixel of a frame."""
    stride = max(1, min(_STRIDE, shot.width // 8, shot.height // 8))
    columns = np.arange(stride // 2, shot.width, stride, dtype=np.int32)
    tops = range(stride // 2, shot.height, stride)

    def rows(first: int, end: int) -> RayBundle:
        whole = shot.rows(tops[first], tops[end - 1] + 1)
        lines = np.arange(0, tops[end - 1] + 1 - tops[first], stride, dtype=np.int32)
        return whole.take((lines[:, None] * shot.width + columns).reshape(-1))

    return render_view(pipeline, rows, len(columns), len(tops), rays_per_chunk)[0]
