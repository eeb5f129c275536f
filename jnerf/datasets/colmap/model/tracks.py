"""The distances of a sparse model's points from the images that see them.

Deng et al. 2022, Depth-supervised NeRF, https://arxiv.org/abs/2107.02791, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.colmap.model.frames import Frames
from jnerf.datasets.pictures.depth_maps import DepthPoints
from jnerf.datasets.pictures.masks import PixelMask
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import DataError

_LEAST_ERROR = 0.1  # of the mean: no point is known much better than it can be seen


def track_points(
    frames: Frames,
    cameras: Cameras,
    transform: Similarity,
    span: tuple[float, float],
    share: float,
    masks: Sequence[PixelMask | None] | None = None,
    required: bool = True,
) -> DepthPoints:
    """The points that N images see, at the pixels where they see them.

    Left out are those outside the image or its mask, and those nearer or farther than rays are looked at. A ray is that
    of the pixel's centre, and the distance where it passes the point.

    Args:
        frames: the images.
        cameras: their cameras, field units.
        transform: world to field.
        span: near and far end of rays, field units.
        share: see ``DepthPoints``.
        masks: of the images.
        required: whether there must be a point at all.

    Raises:
        DataError: none is left, and one must be.
    """
    model, rows = frames.model, []
    errors = model.points.errors
    mean = errors.mean() if len(errors) else 0.0
    relative = np.maximum(errors / mean, _LEAST_ERROR) if mean > 0 else np.ones_like(errors)
    for i, image in enumerate(frames.images):
        camera = model.cameras[image.camera_id]
        size = cameras.sizes[i]
        pixels = np.floor(image.xy * (size / (camera.width, camera.height)))
        inside = np.isfinite(pixels).all(axis=1) & ((pixels >= 0) & (pixels < size)).all(axis=1)
        x, y = pixels[inside].astype(np.int32).T
        points = transform.points(model.seen_points(image)[inside])
        starts, directions = cameras.generate_rays(np.full(len(x), i), x, y)
        depths = ((points - starts) * directions).sum(axis=1)
        found = (span[0] < depths) & (depths < span[1])
        mask = masks[i] if masks else None
        if mask is not None:
            found &= mask.keep(*size.tolist())[y, x]
        place = np.searchsorted(model.points.ids, image.point_ids[inside])
        rows.append((x[found], y[found], depths[found], relative[place[found]]))
    x, y, depths, error = (np.concatenate(column) for column in zip(*rows, strict=True))
    if required and not len(x):
        n = sum(len(image.point_ids) for image in frames.images)
        raise DataError(
            f"{model.folder}: dataset.depth is 'tracks', but of the {n} points that its images see none is within an "
            f"image and between near={span[0]:g} and far={span[1]:g}. A model of known poses has no points until they "
            "are triangulated (colmap point_triangulator); or set dataset.depth=None"
        )
    firsts = np.concatenate([[0], np.cumsum([len(row[0]) for row in rows])])
    numbers = depths.astype(np.float32), error.astype(np.float32)
    return DepthPoints(firsts, x, y, *numbers, share, cameras.sizes)
