"""Do the training cameras see the field's box? Asked before step 0: without it a run would train on nothing.

Few pixels of each camera are asked, evenly spaced, through the camera's own rays; no random numbers are drawn.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.arguments import signature_of
from jnerf.datasets.cameras.ndc import NDCCameras
from jnerf.engine.guards.readings import INVERTED, OTHER_AXES, inverted, with_other_axes
from jnerf.errors import DataError

if TYPE_CHECKING:
    from jnerf.datasets.base import Dataset
    from jnerf.datasets.cameras.cameras import Cameras

#: Rays in all, and of each camera: at most and at least so many a side.
_RAYS, _MOST, _LEAST = 2**16, 16, 4
#: A warning where fewer cameras see the box than this share of them, or fewer rays meet it on average.
_FEW_CAMERAS, _FEW_RAYS = 0.5, 0.005


def box_shares(
    cameras: Cameras, aabb: NDArray[np.floating], near: float, far: float
) -> NDArray[np.float64]:
    """The share of each camera's rays that are inside the box somewhere between two distances.

    Args:
        cameras: N cameras, field units.
        aabb: (min xyz, max xyz), field units, [6].
        near: smallest distance from the origin of a ray.
        far: largest distance.

    Returns:
        In [0, 1], float64 [N]; 0 only where neither a ray meets the box nor its middle is in the picture.
    """
    n = len(cameras)
    side = int(np.clip(np.sqrt(_RAYS / n), _LEAST, _MOST))
    within = (np.arange(side) + 0.5) / side
    columns, rows = (np.floor(within * size) for size in (cameras.sizes.T[..., None]))
    x = np.repeat(columns[:, None, :], side, axis=1).ravel()
    y = np.repeat(rows[:, :, None], side, axis=2).ravel()
    rays_o, rays_d = cameras.generate_rays(np.repeat(np.arange(n), side**2), x, y)
    known = np.isfinite(rays_d).all(axis=1)  # a lens need not reach every corner of its picture
    met = known & meets_box(rays_o, rays_d, aabb, near, far)
    known, met = known.reshape(n, -1), met.reshape(n, -1)
    shares = met.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    for i in np.flatnonzero(
        shares == 0
    ):  # perhaps it lies between the rays: a small box, or one far away
        if _sees_middle(cameras, int(i), aabb, near, far):
            shares[i] = 1 / side**2
    return shares


def meets_box(
    rays_o: NDArray, rays_d: NDArray, aabb: NDArray[np.floating], near: float, far: float
) -> NDArray[np.bool_]:
    """Which rays [R, 3] are inside the box [6] between two distances, bool [R]; as ``jnerf.ops.common.rays.box``."""
    aabb = np.asarray(aabb, np.float64)
    rays_o, rays_d = rays_o.astype(np.float64), rays_d.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (aabb.reshape(2, 1, 3) - rays_o) / rays_d
    # 0 / 0: along a face of the box, neither before it nor behind it
    t_in = np.nan_to_num(ends.min(axis=0), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    t_out = np.nan_to_num(ends.max(axis=0), nan=np.inf, posinf=np.inf, neginf=-np.inf)
    return np.maximum(t_in.max(axis=1), near) < np.minimum(t_out.min(axis=1), far)


def _sees_middle(cameras: Cameras, i: int, aabb: NDArray, near: float, far: float) -> bool:
    middle = (np.asarray(aabb[:3], np.float64) + aabb[3:]) / 2
    with np.errstate(all="ignore"):
        found = cameras.project(middle[None], i)
    if not found.visible[0]:
        return False
    x, y = np.minimum(np.floor(found.xy[0]), cameras.sizes[i] - 1)
    rays_o, rays_d = cameras.generate_rays([i], [x], [y])
    half = np.linalg.norm(np.asarray(aabb[3:], np.float64) - aabb[:3]) / 2
    distance = np.linalg.norm(middle - rays_o[0])
    return near - half < distance < far + half


def check_sight(dataset: Dataset, block: Mapping[str, Any], training: bool = True) -> None:
    """Refuses a training split whose cameras all look past the field's box, and warns where most do.

    Args:
        dataset: a split of the scene; one without cameras has nothing to check.
        block: its config, for the message.
        training: whether it is trained on; of another one there is only a warning.

    Raises:
        DataError: no camera sees the box; names the scene, and likely causes with the setting for each.
    """
    cameras = dataset.cameras
    if cameras is None or dataset.n_dims != 3:
        return
    shares = box_shares(cameras, dataset.aabb, dataset.near, dataset.far)
    n, seeing = len(cameras), int((shares > 0).sum())
    split, box = "training" if training else "test", _say_box(dataset)
    if seeing == 0 and training:
        raise DataError(
            f"{_say_scene(dataset, block)}: 0 of {n} training cameras see the field's box {box}, so there is nothing "
            f"to train on. {_advice(dataset)}"
        )
    if seeing < _FEW_CAMERAS * n:
        blind = [cameras.names[i] for i in np.flatnonzero(shares == 0)]
        named = ", ".join(blind[:5]) + (" ..." if len(blind) > 5 else "")
        told = f"only {seeing} of {n} {split} cameras see the field's box {box}; not {named}"
    elif shares.mean() < _FEW_RAYS:
        told = f"only {shares.mean():.2%} of the {split} rays meet the field's box {box}, small as it is there"
    else:
        return
    warnings.warn(f"{_say_scene(dataset, block)}: {told}. {_advice(dataset)}", stacklevel=2)


def _say_scene(dataset: Dataset, block: Mapping[str, Any]) -> str:
    """The scene's folder, and the file that its cameras are from."""
    source = dataset.summary().get("source")  # asked for late: it counts what masks keep
    return f"scene {block.get('root') or block.get('type')}" + (f" ({source})" if source else "")


def _say_box(dataset: Dataset) -> str:
    low, high = (", ".join(f"{x:g}" for x in part) for part in np.split(dataset.aabb, 2))
    return f"({low}) to ({high})"


def _advice(dataset: Dataset) -> str:
    """Likely causes, each with what to set; those that would help here come first."""
    causes = []
    if not isinstance(dataset.cameras, NDCCameras):
        causes += [_axes(dataset), _inverted(dataset)]
    causes += [_reach(dataset), _place(dataset)]
    proven = [text for text, helps in filter(None, causes) if helps]
    others = [text for text, helps in filter(None, causes) if not helps]
    found = "Most likely " + "; or ".join(proven) + ". " if proven else ""
    return found + ("Possible causes: " if not found else "Else: ") + "; or ".join(others) + "."


Cause = tuple[str, bool]  # what to do, and whether more cameras would see the box then


def _axes(dataset: Dataset) -> Cause:
    return _tried(dataset, with_other_axes(dataset.cameras), OTHER_AXES)


def _inverted(dataset: Dataset) -> Cause:
    found = _tried(dataset, inverted(dataset.cameras, dataset.transform), INVERTED)
    if found[1]:
        return found
    both = with_other_axes(inverted(dataset.cameras, dataset.transform))
    return _tried(dataset, both, INVERTED)


def _tried(dataset: Dataset, cameras: Cameras, text: str) -> Cause:
    before = box_shares(dataset.cameras, dataset.aabb, dataset.near, dataset.far)
    after = box_shares(cameras, dataset.aabb, dataset.near, dataset.far)
    seeing = int((after > 0).sum())
    if seeing <= (before > 0).sum():
        return text, False
    return f"{text} ({seeing} of {len(after)} would see the box)", True


def _reach(dataset: Dataset) -> Cause | None:
    """Where near and far alone keep rays from the box."""
    shares = box_shares(dataset.cameras, dataset.aabb, 0.0, np.inf)
    before = box_shares(dataset.cameras, dataset.aabb, dataset.near, dataset.far)
    seeing = int((shares > 0).sum())
    if seeing <= (before > 0).sum():
        return None
    return (
        f"rays end before the box or begin behind it: near is {dataset.near:g} and far {dataset.far:g}; set "
        f"dataset.near and dataset.far ({seeing} of {len(shares)} see it at other distances)",
        True,
    )


def _place(dataset: Dataset) -> Cause:
    """The settings that say where the scene lies, as far as this dataset has them."""
    known = signature_of(type(dataset)).parameters
    automatic = [f"dataset.{k}=True" for k in ("auto_centre", "auto_scale") if k in known]
    numbers = [k for k in ("scale", "offset", "radius", "aabb_scale") if k in known]
    ways = [" ".join(automatic)] if automatic else []
    if numbers:
        ways.append(", ".join(f"dataset.{name}" for name in numbers))
    centres = dataset.cameras.c2w[:, :, 3]
    middle = ", ".join(f"{x:.3g}" for x in centres.mean(axis=0))
    where = f"the middle of the cameras is at ({middle}) of the field"
    text = f"the scene lies elsewhere or is of another size ({where})"
    return text + (f": set {', or '.join(ways)}" if ways else ""), False
