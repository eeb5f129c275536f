"""Does the field's box hold the scene? Judged by the points that the pictures' own matches give, and by the cameras."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jnerf.checkup.finding import Finding
from jnerf.datasets.posed import PosedImages
from jnerf.engine.guards.sight import box_shares

_ENOUGH = 60  # points
_INSIDE = 0.7  # of the points must be in the box
_FAR = 20.0  # edges of the box that cameras stand away from its middle, at most
_SMALL = 0.12  # share of the box's edge that points fill, at least
_LARGEST_BOX = 128
_CORE = 0.9  # of the points tell the size


def check_sight(dataset: PosedImages) -> Finding:
    """Whether the cameras see the box."""
    shares = box_shares(dataset.cameras, dataset.aabb, dataset.near, dataset.far)
    seeing, n = int((shares > 0).sum()), len(shares)
    told = f"{seeing} of {n} cameras see the box, which {shares.mean():.0%} of all rays meet"
    if seeing == n:
        return Finding("OK", "sight", told)
    blind = [dataset.cameras.names[i] for i in np.flatnonzero(shares == 0)[:5]]
    status = "FAIL" if seeing == 0 else "warn"
    mend = f"{', '.join(blind)} see nothing of it: what is found below of poses and scale comes first; else remove them"
    return Finding(status, "sight", told, mend)


def check_scale(dataset: PosedImages, points: NDArray[np.float64]) -> Finding:
    """Whether the scene is of the box's size.

    Args:
        dataset: the scene.
        points: on its surfaces, field units, [P, 3].
    """
    low, high = np.split(dataset.aabb.astype(np.float64), 2)
    middle, edge = (low + high) / 2, float((high - low).max())
    away = float(np.median(np.linalg.norm(dataset.cameras.c2w[:, :, 3] - middle, axis=1))) / edge
    told = f"the middle camera stands {away:.2g} edges of the box from its middle"
    filled = None
    if len(points) >= _ENOUGH:
        size = np.quantile(points, [1 - _CORE, _CORE], axis=0)
        filled = float((size[1] - size[0]).max()) / edge
        told += f", what is seen fills {filled:.2g} of its edge"
    units = "metres, or millimetres?"
    if away > _FAR:
        mend = f"the scene is too large for the box: {_scaling(dataset, 1.3 / away)} ({units})"
        return Finding("FAIL", "scale", told, mend)
    if filled is not None and filled < _SMALL:
        mend = f"the scene is tiny in the box: {_scaling(dataset, 0.7 / filled)} ({units})"
        return Finding("warn", "scale", told, mend)
    return Finding("OK", "scale", told)


def _scaling(dataset: PosedImages, factor: float) -> str:
    known = type(dataset).__name__
    if known in ("TransformsDataset", "COLMAPDataset"):
        return f"set dataset.auto_scale=True dataset.auto_centre=True, or multiply dataset.scale by about {factor:.2g}"
    if known == "NSVFDataset":
        return f"make the edges of dataset.bbox or bbox.txt about {1 / factor:.2g} times as long"
    if known == "LLFFDataset":
        return (
            "the bounds in poses_bounds.npy are to hold what is seen, and little more; of far ones "
            "dataset.space='ndc' takes no harm"
        )
    name = "dataset.radius" if known == "DTUDataset" else "dataset.scale"
    return f"multiply {name} by about {factor:.2g}"


def check_box(dataset: PosedImages, points: NDArray[np.float64], said: bool) -> Finding:
    """Whether the box holds what is seen.

    Args:
        dataset: the scene.
        points: on its surfaces, field units, [P, 3].
        said: somebody chose the box's size; otherwise a wider one is only recommended.
    """
    low, high = np.split(dataset.aabb.astype(np.float64), 2)
    name = f"{_triple(low)} to {_triple(high)}"
    if len(points) < _ENOUGH:
        return Finding("OK", "box", f"{name}; too few points to judge it by")
    inside = float(((points >= low) & (points <= high)).all(axis=1).mean())
    told = f"{name} holds {inside:.0%} of {len(points)} points that are seen"
    if inside >= _INSIDE:
        return Finding("OK", "box", told)
    reach = 2 * np.quantile(np.abs(points - (low + high) / 2).max(axis=1), _CORE)
    needed = 2.0 ** np.ceil(np.log2(max(reach, 1e-9)))
    if needed > _LARGEST_BOX:
        mend = "the scene lies elsewhere or is of another size: see the scale above"
        return Finding("warn", "box", told, mend)
    mend = f"{_widening(dataset, needed)} holds {_CORE:.0%} of them"
    if not said:
        return Finding("OK", "box", f"{told}; nobody chose it. For all of the scene, {mend}")
    return Finding(
        "warn",
        "box",
        told,
        f"{mend}; of an object with a background behind it, a small box is no fault",
    )


def _widening(dataset: PosedImages, edge: float) -> str:
    """The setting that makes the box a cube of that edge, field units, about the same middle."""
    if type(dataset).__name__ != "NSVFDataset":
        return f"dataset.aabb_scale={edge:g}"
    corners = dataset.aabb.reshape(2, 3).mean(axis=0) + 0.5 * edge * np.array([[-1.0], [1.0]])
    world = dataset.transform.inverse().points(corners).reshape(-1)
    return f"dataset.bbox=[{','.join(f'{x:.4g}' for x in world)}]"


def _triple(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{x:g}" for x in values) + ")"
