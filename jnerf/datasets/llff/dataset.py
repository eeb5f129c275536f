"""Forward-facing and inward-facing captures in the format of LLFF: ``poses_bounds.npy`` and folders of images.

Mildenhall et al. 2019, https://arxiv.org/abs/1905.00889, and 2020, https://arxiv.org/abs/2003.08934. The file is
described in ``poses_bounds.py``. A similarity leads from the world to the *shared frame* of the cameras: the average
pose at the origin, looking along -z, and the nearest content at depth ``1 / bound_factor``. What the field is after
that, ``space`` decides:

- ``ndc``: NDC (``cameras/ndc.py``): all that the cameras see from depth 1 to infinity in the unit box.
- ``spherify``: cameras look inward from around the origin at root-mean-square distance 1; then as ``bounded``.
- ``bounded``: all that the cameras see between their bounds, uniformly scaled, in a cube.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.flat import flat_arguments
from jnerf.datasets.arguments import Box, CaptureFiles, Learned
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.frusta import farthest, frustum_corners
from jnerf.datasets.cameras.ndc import NDCCameras, fit_ndc
from jnerf.datasets.cameras.spiral import spiral_poses
from jnerf.datasets.llff.poses_bounds import PosesBounds, find_images, read_poses_bounds
from jnerf.datasets.pictures.image_folder import held_out, image_sizes, list_images
from jnerf.datasets.placement.box import into_cube
from jnerf.datasets.placement.normalize import recentre, spherify
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

_BOUND_FACTOR = 0.75
_NDC_NEAR = 1.0  # units of the shared frame
_NEAR_FACTOR = 0.9  # of the nearest bound: bounds are those of a sparse reconstruction
_SPACES = ("ndc", "spherify", "bounded")


@DATASETS.register()
class LLFFDataset(PosedImages):
    """A capture in the format of LLFF.

    With ``space="ndc"``, ``transform`` leads from the world to the shared frame only, distances in the field are
    those of NDC, and ``facts()`` names no cameras, since those of the field are no pinholes.

    Args:
        files: see ``CaptureFiles``. ``downscale`` is against the folder ``images``; images are read from
            ``images_<downscale>`` where there is one, else shrunk from the next larger ones.
        box: see ``Box``; 1 for "ndc".
        learned: see ``Learned``; not for "ndc".
        space: "ndc" for captures that face forward to any depth, "spherify" for those that go around an object, or
            "bounded".
        bound_factor: the nearest content of the scene lies at ``1 / bound_factor`` in the shared frame; at most 1.
            None: 0.75. For "ndc" alone: the others fit what is seen into the box, whatever the frame's scale is.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken or contradicts itself.
    """

    @flat_arguments(downscale=8)
    def __init__(
        self,
        files: CaptureFiles,
        box: Box,
        learned: Learned,
        space: Literal["ndc", "spherify", "bounded"] = "ndc",
        bound_factor: float | None = None,
    ) -> None:
        _check_arguments(space, bound_factor, box.aabb_scale)
        scene = read_poses_bounds(files.folder)
        paths, stored_downscale = find_images(scene, files.downscale)
        stored, sizes = image_sizes(paths, files.downscale / stored_downscale, scene.sizes)
        intrinsics = scene.intrinsics(paths, stored, sizes)
        world = scene.c2w
        # All splits have to agree on the field: its numbers are those of the whole capture.
        shared = _shared_frame(scene, space, _BOUND_FACTOR if bound_factor is None else bound_factor)
        names = [path.stem for path in paths]
        everyone = Cameras(shared.poses(world), intrinsics, sizes, names=names)
        bounds = scene.bounds * shared.scale
        field = _field(space, everyone, bounds, box.aabb_scale)
        transform = shared.then(field.placed)
        chosen = held_out(len(paths), files.holdout, files.split)
        cameras = field.cameras(
            transform.poses(world)[chosen],
            intrinsics[chosen],
            sizes[chosen],
            names=[names[i] for i in chosen],
        )
        chosen_paths = [paths[i] for i in chosen]
        images = files.photographs(chosen_paths, sizes[chosen], upright=stored[chosen])
        left = len(list_images(paths[0].parent)) - len(paths)
        about = {
            "source": scene.path.name,
            "dropped": {"in other splits": len(paths) - len(chosen), "without a pose": left},
        }
        where = transform, box.aabb, field.near, field.far
        how = {"about": about, "learned": learned}
        super().__init__(cameras, images, *where, files.split, files.seed, **how)
        self.even_depth = isinstance(cameras, NDCCameras)
        self.focus_depth = float(1 / (1 / scene.bounds).mean())

    def facts(self) -> dict[str, Any]:
        """See ``Dataset``. In NDC, ``cameras`` is None: whoever asks takes them for pinholes of the field."""
        cameras = None if isinstance(self.cameras, NDCCameras) else self.cameras
        return {**super().facts(), "cameras": cameras}

    def flight(self, n_frames: int, width: int, height: int) -> Cameras | None:
        """In NDC, a turn about the average pose: there is nothing to fly around; see ``Dataset``."""
        cameras = self.cameras
        if not isinstance(cameras, NDCCameras):
            return None
        poses = spiral_poses(cameras.c2w, self.focus_depth * self.transform.scale, n_frames)
        focal = float(np.median(cameras.intrinsics[:, 1] / cameras.sizes[:, 1])) * height
        intrinsics = np.tile([focal, focal, width / 2, height / 2], (n_frames, 1))
        sizes = np.tile([width, height], (n_frames, 1))
        return NDCCameras(poses, intrinsics, sizes, space=cameras.space)


def _shared_frame(scene: PosesBounds, space: str, bound_factor: float) -> Similarity:
    """From the world to the frame that all cameras share."""
    try:
        if space == "spherify":
            return spherify(scene.c2w)
        scale = 1 / (bound_factor * scene.bounds.min())
        return recentre(scene.c2w).then(Similarity(scale))
    except DataError as error:
        raise DataError(
            f"{scene.path}, for dataset.space='{space}': {error} ('spherify' is for captures around an object, 'ndc' "
            "and 'bounded' are for those that face forward)"
        ) from None


@dataclass(frozen=True)
class _Field:
    """How the shared frame becomes the field: what makes its cameras, and a similarity that comes first."""

    cameras: Callable[..., Cameras]
    placed: Similarity
    near: float
    far: float


def _field(space: str, cameras: Cameras, bounds: NDArray[np.float64], aabb_scale: float) -> _Field:
    if space == "ndc":
        kind = partial(NDCCameras, space=fit_ndc(cameras, _NDC_NEAR))
        return _Field(kind, Similarity(), 0.0, math.sqrt(3))  # the box ends rays, at infinity
    seen = frustum_corners(cameras, bounds)
    placed = into_cube(seen, aabb_scale, (0, 0, 0) if space == "spherify" else None)
    near = _NEAR_FACTOR * placed.scale * bounds.min()
    return _Field(Cameras, placed, near, placed.scale * farthest(cameras, bounds[:, 1]))


def _check_arguments(space: str, bound_factor: float | None, aabb_scale: float) -> None:
    if space not in _SPACES:
        raise ConfigError(
            f"space must be {', '.join(_SPACES[:-1])} or {_SPACES[-1]}, got '{space}'"
        )
    if bound_factor is not None and space != "ndc":
        raise ConfigError(
            f"bound_factor={bound_factor} is for space='ndc': '{space}' fits what the cameras see into the box, "
            "whatever the factor. Leave it out"
        )
    if bound_factor is not None and not bound_factor > 0:
        raise ConfigError(f"bound_factor must be positive, got {bound_factor}")
    if bound_factor is not None and bound_factor > 1:
        raise ConfigError(
            f"bound_factor must be at most 1 for space='ndc', which holds nothing nearer than 1, got {bound_factor}"
        )
    if space == "ndc" and aabb_scale != 1:
        raise ConfigError(
            f"aabb_scale must be 1 for space='ndc', whose box holds everything to infinity, got {aabb_scale}"
        )
