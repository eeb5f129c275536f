"""What can be said of a finished reconstruction: numbers, for the report and for advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from jnerf.capture.colmap.database import Found
from jnerf.datasets.colmap.model import ColmapCamera, SparseModel
from jnerf.datasets.colmap.model.cameras import camera_intrinsics


@dataclass(frozen=True)
class Facts:
    """A reconstruction in numbers.

    Attributes:
        pictures: how many there were.
        registered: how many have a pose.
        missing: names of the others.
        points: triangulated points.
        error: mean distance of points from where images see them, pixels.
        track: mean number of images that see a point.
        seen: median number of points that an image sees.
        few: names of images that see fewer than a tenth of that.
        models: images of each model that COLMAP made, largest first.
        features: median number of features of a picture; None where there is no database.
        lonely: names of pictures that match fewer than two others.
        cameras: each camera in a line.
        angle: widest horizontal view, degrees.
    """

    pictures: int
    registered: int
    missing: tuple[str, ...]
    points: int
    error: float
    track: float
    seen: float
    few: tuple[str, ...]
    models: tuple[int, ...]
    features: float | None
    lonely: tuple[str, ...]
    cameras: tuple[str, ...]
    angle: float

    @property
    def share(self) -> float:
        """Registered pictures as a share of all."""
        return self.registered / max(self.pictures, 1)

    def plain(self) -> dict[str, Any]:
        """For json."""
        return asdict(self)


def facts_of(
    model: SparseModel, names: Sequence[str], found: Found, models: Sequence[int]
) -> Facts:
    """The numbers of a model.

    Args:
        model: the one that is used.
        names: of all pictures.
        found: what the database says.
        models: images of each model, largest first.
    """
    there = {image.name for image in model.images}
    seen = np.array([len(image.point_ids) for image in model.images])
    middle = float(np.median(seen)) if len(seen) else 0.0
    points = model.points
    tracked = points.tracks.sum()
    features = [found.features[name] for name in names if name in found.features]
    lenses = {image.camera_id for image in model.images}
    return Facts(
        len(names),
        len(model.images),
        tuple(name for name in names if name not in there),
        len(points.ids),
        float((points.errors * points.tracks).sum() / tracked) if tracked else 0.0,
        float(points.tracks.mean()) if len(points.ids) else 0.0,
        middle,
        tuple(i.name for i, n in zip(model.images, seen, strict=True) if n < 0.1 * middle),
        tuple(models),
        float(np.median(features)) if features else None,
        tuple(name for name in names if name in found.neighbours and found.neighbours[name] < 2),
        tuple(_line(model.cameras[key], model, key) for key in sorted(lenses)),
        max((_angle(model.cameras[key]) for key in lenses), default=0.0),
    )


def _line(camera: ColmapCamera, model: SparseModel, key: int) -> str:
    n = sum(image.camera_id == key for image in model.images)
    numbers = ", ".join(f"{x:.5g}" for x in camera.params)
    return f"{camera.model} {camera.width}x{camera.height}, {n} images: {numbers}"


def _angle(camera: ColmapCamera) -> float:
    return float(np.degrees(2 * np.arctan(0.5 * camera.width / camera_intrinsics(camera)[0])))
