"""Where a film plays: what a dataset knows of the world, and cameras of the world as cameras of the field."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.frusta import corner_rays
from jnerf.datasets.cameras.lenses import Pinhole
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.rendering.paths.camera_path import Flight
from jnerf.errors import ConfigError, DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stage:
    """What a path can be made of, in world units.

    Attributes:
        c2w: poses of the training cameras, [N, 3, 4]; N is 0 where there are none.
        fov: their vertical fields of view, degrees, [N].
        middle: of the field's box, [3].
        focus_depth: how far from the cameras lies what they look at; None where it is not known.
        size: width and height of the first training image; None where there is none.
    """

    c2w: Floats
    fov: Floats
    middle: Floats
    focus_depth: float | None
    size: tuple[int, int] | None

    @classmethod
    def of(cls, dataset: Dataset) -> Stage:
        """What a dataset knows."""
        back = to_field(dataset).inverse()
        middle = back.points((np.float64(dataset.aabb[:3]) + dataset.aabb[3:]) / 2)
        cameras = dataset.cameras
        if cameras is None:
            return cls(np.empty((0, 3, 4)), np.empty(0), middle, None, None)
        ratios = cameras.sizes[:, 1] / cameras.intrinsics[:, 1].astype(np.float64)
        size = tuple(int(n) for n in cameras.sizes[0])
        fov = np.degrees(2 * np.arctan(0.5 * ratios))
        return cls(back.poses(cameras.c2w), fov, middle, dataset.focus_depth, size)


def to_field(dataset: Dataset) -> Similarity:
    """From the world to where the dataset's cameras are."""
    return dataset.transform or Similarity()


def field_cameras(dataset: Dataset, flight: Flight, width: int, height: int) -> Cameras:
    """Pinholes of the world as cameras whose rays are those of the field.

    Args:
        dataset: it owns the way from the world to the field.
        flight: N cameras.
        width: pixels.
        height: pixels.

    Raises:
        DataError: the field is in NDC, and a camera does not face its way.
    """
    parts = {
        "c2w": to_field(dataset).poses(flight.c2w),
        "intrinsics": flight.intrinsics(width, height),
        "sizes": np.tile(np.int32([width, height]), (len(flight), 1)),
    }
    like = dataset.cameras
    if like is None:
        return Cameras(**parts)
    plain = {"lens": Pinhole(), "names": (), "circles": (), "masked": lambda i: None}
    cameras = replace(like, **parts, **plain)
    if isinstance(cameras, NDCCameras):
        _check_forward(Cameras(**parts))
    return cameras


def world_depths(
    dataset: Dataset, cameras: Cameras, i: int, depths: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Distances along the rays of camera ``i``, from field units into world units; 0 stays 0.

    Args:
        dataset: it owns the way from the world to the field.
        cameras: of the field.
        i: the camera.
        depths: field units, [H, W].
    """
    scale = to_field(dataset).scale
    if not isinstance(cameras, NDCCameras):
        return (depths / scale).astype(np.float32)
    y, x = np.mgrid[0 : depths.shape[0], 0 : depths.shape[1]].reshape(2, -1)
    starts, directions = cameras.generate_rays(np.full(x.shape, i), x, y)
    points = cameras.space.unproject(starts + directions * depths.reshape(-1, 1))
    away = np.linalg.norm(points - cameras.c2w[i, :, 3], axis=1).reshape(depths.shape) / scale
    return np.where(depths > 0, away, 0).astype(np.float32)


def check_scene(dataset: Dataset, provides: frozenset[str]) -> None:
    """Whether a film can be made of the field at all.

    Args:
        dataset: the training split.
        provides: what the renderer gives.

    Raises:
        ConfigError: it cannot; says why.
    """
    name = type(dataset).__name__
    if dataset.n_dims not in (2, 3):
        raise ConfigError(
            f"{name} has {dataset.n_dims} dimensions: pictures are made of 2 and of 3. --task test judges it"
        )
    missing = {"colors", "opacities", "depths"} - provides
    if missing:
        raise ConfigError(
            f"the renderer of {name} gives no {', '.join(sorted(missing))}: it makes no pictures of views. --task test "
            "judges it"
        )


def _check_forward(cameras: Cameras) -> None:
    """Raises DataError for a camera one of whose corner rays does not point to -z of the shared frame."""
    _, directions = corner_rays(cameras)
    least = -directions[..., 2].reshape(len(cameras), -1).max(axis=1)
    if (least < 0.1).any():
        i = int(least.argmin())
        angle = np.degrees(np.arccos(np.clip(least[i], -1, 1)))
        raise DataError(
            f"a corner of frame {i} looks {angle:.0f} degrees away from where the capture faces, and in NDC only what "
            "lies in front of it is known. Take --path spiral or interpolate, or a narrower --fov"
        )
