"""The constructor arguments that formats share: what they mean, their defaults and their ranges, said once.

A format's constructor takes the groups it needs (``jnerf.checks.flat``), and only its own arguments beside them. Where
another default than that of a group suits a format, its decorator says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.arguments import argument_problems
from jnerf.checks.types import Checked
from jnerf.datasets.files.paths import scene_folder
from jnerf.datasets.pictures.alpha_images import AlphaFn, AlphaImages
from jnerf.datasets.pictures.disturbance import disturbance_problem
from jnerf.datasets.pictures.image_folder import Split, check_split
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.pictures.masks import PixelMask
from jnerf.datasets.placement.box import cube
from jnerf.datasets.placement.normalize import normalize
from jnerf.datasets.placement.outliers import without_strays
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.registry import INNER

#: What a dataset hands to the blocks inside of its own, by their path.
INNER_FACTS = {"dataset.cameras": ("c2w", "middle", "seed"), "dataset.exposure": ("n_images",)}


@dataclass(frozen=True)
class SceneFiles:
    """A scene on disk.

    Args:
        root: the scene's folder; relative paths start from $JNERF_DATA, else ./data, else ../shared/data, and those
            that begin with ./ from the working directory.
        split: train, val or test.
        seed: the run's seed; with the step it decides which pixels are drawn.
        downscale: images are this many times smaller than those on disk, rounded to whole pixels.
        image_memory: the most memory for decoded images, GiB; more is kept in a file on disk. None is half of
            what is free.
    """

    root: str
    split: Split = "train"
    seed: int = 0
    downscale: int = 1
    image_memory: float | None = None

    def __post_init__(self) -> None:
        if self.downscale < 1:
            raise ConfigError(f"downscale must be 1 or more, got {self.downscale}")

    @property
    def folder(self) -> Path:
        """The scene's folder, which is there; DataError if it is not."""
        return scene_folder(self.root)

    @property
    def label(self) -> str:
        """What the progress bar says while images are decoded."""
        return f"decoding {self.split} images"

    def photographs(
        self,
        paths: Sequence[Path],
        sizes: NDArray[np.integer],
        masks: Sequence[Path | PixelMask | None] | None = None,
        alpha: AlphaFn | None = None,
        upright: NDArray[np.integer] | None = None,
    ) -> ImageFiles:
        """Images of one shape but perhaps another size than ``sizes`` [N, 2], to which they are resized."""
        memory = self.image_memory
        if alpha is not None:
            return AlphaImages(paths, sizes, alpha, self.label, memory, masks, upright=upright)
        return ImageFiles(
            paths, sizes, 1, self.label, masks, resize=True, max_gib=memory, upright=upright
        )


@dataclass(frozen=True)
class CaptureFiles(SceneFiles):
    """A scene on disk whose images are not sorted into splits; ``val`` and ``test`` are the same images.

    Args:
        holdout: every how many-th image in the order of the names is held out from training, the first one
            included; 0: every split has all images.
    """

    holdout: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        check_split(self.split, self.holdout)


@dataclass(frozen=True)
class Photographs(CaptureFiles):
    """A capture of which images may be missing, and others have masks.

    Args:
        missing: "error", or "drop" to leave out images that are not there, with a warning.
        masks: heed masks, where there are some: pixels they leave out never become training rays.
    """

    missing: Literal["error", "drop"] = "error"
    masks: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.missing not in ("error", "drop"):
            raise ConfigError(f"missing must be error or drop, got '{self.missing}'")

    @property
    def heeds_masks(self) -> bool:
        """Whether masks are asked for here: they only decide on training rays, test views are compared whole."""
        return self.masks and self.split == "train"


@dataclass(frozen=True)
class Box:
    """The field's box.

    Args:
        aabb_scale: edge of the field's box, which is centred at (0.5, 0.5, 0.5).
    """

    aabb_scale: float = 1.0

    def __post_init__(self) -> None:
        if self.aabb_scale is not None and not self.aabb_scale > 0:
            raise ConfigError(f"aabb_scale must be positive, got {self.aabb_scale}")

    @property
    def aabb(self) -> list[float]:
        """(min xyz, max xyz)."""
        return cube(self.aabb_scale)


@dataclass(frozen=True)
class Reach:
    """Which part of a ray is looked at.

    Args:
        near: where rays begin to be sampled, field units.
        far: where they end, field units; None is as far as the format finds fit.
    """

    near: float = 0.2
    far: float | None = None

    def __post_init__(self) -> None:
        near = 0.0 if self.near is None else self.near
        if not 0 <= near < (math.inf if self.far is None else self.far):
            raise ConfigError(f"0 <= near < far must hold, got near={self.near}, far={self.far}")

    def ends(self, near: float, far: float) -> tuple[float, float]:
        """``near`` and ``far``, for which the arguments stand in where they are None.

        Raises:
            ConfigError: the one is not below the other.
        """
        found = Reach(
            near if self.near is None else self.near, far if self.far is None else self.far
        )
        return found.near, found.far


@dataclass(frozen=True)
class Placement(Reach, Box):
    """How the world lies in the field. By default rays end after four diagonals of the box.

    Args:
        scale: field units per world unit.
        offset: where the world's origin lies in the field.
    """

    scale: float = 0.33
    offset: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def __post_init__(self) -> None:
        if self.scale is not None and not self.scale > 0:
            raise ConfigError(f"scale must be positive, got {self.scale}")
        if self.offset is not None and len(self.offset) != 3:
            raise ConfigError(f"offset must be three numbers, got {self.offset}")
        Box.__post_init__(self)
        Reach.__post_init__(self)

    @property
    def similarity(self) -> Similarity:
        """World to field."""
        return Similarity(self.scale, translation=self.offset)

    @property
    def span(self) -> tuple[float, float]:
        """``near`` and ``far``."""
        return self.ends(self.near, 4 * math.sqrt(3) * self.aabb_scale)


@dataclass(frozen=True)
class AutoPlacement(Placement):
    """How the world lies in the field, where the training cameras may have a say.

    Args:
        auto_orient: turn the scene so that the training cameras' mean up axis is +z.
        auto_centre: move the middle of the training cameras to ``offset``.
        auto_scale: let the farthest training camera be ``scale`` field units from that middle.
        auto_frame: "up": as said; "principal": ``auto_orient`` makes the axes along which the training cameras spread
            most, second and least x, y and z (up), and ``auto_scale`` goes by their largest coordinate (mip-NeRF 360).
    """

    auto_orient: bool = False
    auto_centre: bool = False
    auto_scale: bool = False
    auto_frame: Literal["up", "principal"] = "up"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.auto_frame not in ("up", "principal"):
            raise ConfigError(f"auto_frame is {self.auto_frame!r}; choose one of up, principal")

    def of(self, c2w: NDArray[np.float64], labels: Sequence[str]) -> Similarity:
        """World to field, for the training cameras; what stands far from all others has no say, with a warning.

        Args:
            c2w: their poses [N, 3, 4].
            labels: what to call each, N strings.
        """
        if self.auto_orient or self.auto_centre or self.auto_scale:
            c2w = without_strays(labels, c2w)
        how = self.auto_orient, self.auto_centre, self.auto_scale
        normal = normalize(c2w, *how, principal=self.auto_frame == "principal")
        return normal.then(self.similarity)


@dataclass(frozen=True)
class DepthImages:
    """True distances in files beside the images, for losses of depth.

    Args:
        depth: what the numbers in the files are: "z", distances along the view axis, or "euclidean", along the ray;
            None: files of depth are not read.
        depth_unit: world units for a number of 1; None: what the scene says, else 0.001 (millimetres, where the world
            is in metres), in files of floats as well.
    """

    depth: Literal["z", "euclidean"] | None = None
    depth_unit: float | None = None

    def __post_init__(self) -> None:
        if self.depth not in (None, "z", "euclidean"):
            raise ConfigError(f"depth must be z, euclidean or None, got {self.depth!r}")
        if self.depth_unit is not None and not self.depth_unit > 0:
            raise ConfigError(f"depth_unit must be positive, got {self.depth_unit}")


@dataclass(frozen=True)
class DepthTracks:
    """True distances at the points of a sparse model, for losses of depth.

    Args:
        depth: "tracks": some rays of each batch go through pixels where their image sees a point, whose distance is a
            truth of the batch; None: points are left alone.
        depth_share: which part of the rays that is.
    """

    depth: Literal["tracks"] | None = None
    depth_share: float = 0.25

    def __post_init__(self) -> None:
        if self.depth not in (None, "tracks"):
            raise ConfigError(f"depth must be tracks or None, got {self.depth!r}")
        if not 0 < self.depth_share <= 1:
            raise ConfigError(f"depth_share must be in (0, 1], got {self.depth_share}")


def cameras_problem(block: Any) -> str | None:
    """What is wrong with a block of cameras that learn; None for a good one."""
    return _block_problem(block, "dataset.cameras")


def exposure_problem(block: Any) -> str | None:
    """What is wrong with a block of exposures that learn; None for a good one."""
    return _block_problem(block, "dataset.exposure")


def _block_problem(block: Any, path: str) -> str | None:
    if not isinstance(block, Mapping):
        return None
    block, name = dict(block), path.rpartition(".")[2]
    try:
        cls = INNER[path].resolve(block, name)
    except ConfigError as error:
        return str(error)
    return next(iter(argument_problems(cls, block, name, INNER_FACTS[path])), None)


@dataclass(frozen=True)
class Learned:
    """What is learned of each training photograph, and photographs made worse to see whether it is.

    Args:
        cameras: ``dict(type="PoseRefinement", ...)``: training corrects the poses of its images; None: they stay as
            they are. Their parameters are the group ``dataset.cameras`` of the optimiser.
        exposure: ``dict(type="ExposureRefinement", ...)``: training finds how much light each image took; None: all
            took as much. The group ``dataset.exposure``.
        disturb: ``Disturbance``'s arguments: training images are put under other exposures, squares in front of them;
            None: they stay as they are.
    """

    cameras: Annotated[dict, Checked(cameras_problem)] | None = None
    exposure: Annotated[dict, Checked(exposure_problem)] | None = None
    disturb: Annotated[dict, Checked(disturbance_problem)] | None = None


@dataclass(frozen=True)
class Crop:
    """A start in the middle of the images, as NeRF's on scenes with much background.

    Args:
        crop_steps: in the first so many steps, pixels come from the middle of the images alone. Masks are not
            combined with it.
        crop_fraction: of the width and the height that the middle has.
    """

    crop_steps: int = 0
    crop_fraction: float = 0.5

    def __post_init__(self) -> None:
        if self.crop_steps < 0 or not 0 < self.crop_fraction <= 1:
            raise ConfigError(
                f"crop_steps is {self.crop_steps} and crop_fraction {self.crop_fraction}; they must be at least 0, "
                "and in (0, 1]"
            )
