"""A path from one training view to the next."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from jnerf.engine.rendering.paths import tour
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.errors import DataError

Order = Literal["tour", "capture"]
ORDERS = ("tour", "capture")
#: Training views that a path visits unless it is told otherwise: more would make it restless.
STOPS = 12
_SAME = 1e-6  # cameras nearer than this are one, and a path cannot go from one to the other


def between(
    c2w: ArrayLike,
    fov: ArrayLike,
    order: Order = "tour",
    stops: int = STOPS,
    loop: bool = False,
) -> CameraPath:
    """A smooth path through training views, at an even speed.

    Args:
        c2w: poses of the training cameras in the order of the capture, OpenGL, world units, [N, 3, 4].
        fov: their vertical fields of view, degrees, [N].
        order: "tour": views spread over the capture, on a short way past all of them; "capture": every so many-th view,
            in the order in which they were taken.
        stops: views on the path, at least 2; all if there are fewer.
        loop: whether the path goes back to its first view.

    Returns:
        A path whose keyframes are cameras of ``c2w``. Its times are lengths of way; a film stretches them.

    Raises:
        DataError: there are no two cameras at different places, or in different directions.
    """
    c2w, fov = np.asarray(c2w, np.float64), np.asarray(fov, np.float64)
    away = tour.distances(c2w)
    if order == "tour":
        chosen = tour.spread(away, stops, _SAME)
        chosen = chosen[tour.short_tour(away[np.ix_(chosen, chosen)], loop)]
    else:
        # Of a loop the last view is left out: a capture that went round ends where it began.
        last = len(c2w) - 1 if not loop or len(c2w) <= stops else (len(c2w) * (stops - 1)) / stops
        chosen = np.linspace(0, last, min(stops, len(c2w))).round().astype(int)
        chosen = chosen[np.append(True, away[chosen[:-1], chosen[1:]] > _SAME)]
    if len(chosen) < 2:
        raise DataError(
            f"a path between training views needs two that differ; the {len(c2w)} there are do not. Take --path orbit"
        )
    steps = away[chosen, np.roll(chosen, -1)]
    times = np.concatenate([[0.0], np.cumsum(steps[:-1])])
    period = None
    if loop:
        period = float(times[-1] + max(steps[-1], _SAME))
    return CameraPath(c2w[chosen], fov[chosen], times, loop, period)
