"""Cameras and points drawn as a plan: from above and from a side, in one picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_PAPER, _INK, _GRID = (255, 255, 255), (40, 40, 40), (228, 228, 228)
_BOX, _CAMERA, _MARKED = (200, 120, 30), (30, 90, 200), (220, 40, 40)
_SHIFT = 4  # bits of a fraction of a pixel that OpenCV draws with
_EDGES = [
    (0, 1),
    (0, 2),
    (3, 1),
    (3, 2),
    (4, 5),
    (4, 6),
    (7, 5),
    (7, 6),
    (0, 4),
    (1, 5),
    (2, 6),
    (3, 7),
]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is drawn, all in one frame with z up.

    Attributes:
        c2w: OpenGL poses, [N, 3, 4].
        corners: rays through the corners of each image, in its camera's frame, any length, [N, 4, 3].
        points: [M, 3].
        colors: of the points, RGB, uint8 [M, 3].
        aabb: a box, [6]; None for none.
        marked: cameras that are drawn in red, bool [N].
    """

    c2w: NDArray[np.float64]
    corners: NDArray[np.float64]
    points: NDArray[np.float64]
    colors: NDArray[np.uint8]
    aabb: NDArray[np.float64] | None = None
    marked: NDArray[np.bool_] | None = None


def draw_plan(plan: Plan, title: str, size: int = 720) -> NDArray[np.uint8]:
    """Draws it from above (x to the right, y upwards) and from the side (x to the right, z upwards).

    Args:
        plan: what is drawn.
        title: one line.
        size: of each of the two views, pixels.

    Returns:
        RGB, uint8 [H, W, 3].
    """
    middle, reach = _frame(plan)
    head = 34
    picture = np.full((size + head, 2 * size + 2, 3), 255, np.uint8)
    for k, (axes, name) in enumerate([((0, 1), "from above"), ((0, 2), "from the side")]):
        view = _view(plan, axes, middle, reach, size)
        label = f"{name}: {'xyz'[axes[0]]} to the right, {'xyz'[axes[1]]} up"
        _text(view, label, (10, size - 12))
        picture[head:, k * (size + 2) : k * (size + 2) + size] = view
    _text(picture, title, (10, 22))
    return picture


def _frame(plan: Plan) -> tuple[NDArray[np.float64], float]:
    """The middle of what is drawn, and how far it reaches: all cameras, and most points."""
    eyes = plan.c2w[:, :, 3]
    low, high = eyes.min(axis=0), eyes.max(axis=0)
    if len(plan.points):
        few = np.quantile(plan.points, [0.05, 0.95], axis=0)
        low, high = np.minimum(low, few[0]), np.maximum(high, few[1])
    spread = max(float((high - low).max()), 1e-9)
    return (low + high) / 2, 0.57 * spread


def _view(
    plan: Plan, axes: tuple[int, int], middle: NDArray[np.float64], reach: float, size: int
) -> NDArray[np.uint8]:
    view = np.full((size, size, 3), _PAPER, np.uint8)

    def pixels(points: NDArray) -> NDArray[np.float64]:
        flat = (np.asarray(points)[..., axes] - middle[list(axes)]) / reach
        return (flat * [1, -1] + 1) * 0.5 * size

    _grid(view, pixels, middle, axes, reach)
    xy = np.floor(np.nan_to_num(pixels(plan.points), nan=-1, posinf=-1, neginf=-1))
    inside = ((xy >= 0) & (xy < size - 1)).all(axis=1)
    x, y = xy[inside].astype(int).T
    shown = np.minimum(plan.colors[inside], 215)  # white points on white paper
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        view[y + dy, x + dx] = shown
    if plan.aabb is not None:
        corners = np.array(
            [
                plan.aabb[[0 + 3 * a, 1 + 3 * b, 2 + 3 * c]]
                for a in (0, 1)
                for b in (0, 1)
                for c in (0, 1)
            ]
        )
        for a, b in _EDGES:
            _line(view, *pixels(corners[[a, b]]), _BOX)
    length = 0.09 * reach
    for i, pose in enumerate(plan.c2w):
        color = _MARKED if plan.marked is not None and plan.marked[i] else _CAMERA
        _camera(view, pixels, pose, plan.corners[i], length, color)
    return view


def _camera(view: NDArray, pixels, pose: NDArray, corners: NDArray, length: float, color) -> None:
    """A pyramid: its tip is the camera, its base the picture; a fifth side marks the picture's top."""
    unit = corners / np.linalg.norm(corners, axis=1, keepdims=True)
    base = pose[:, 3] + length * unit @ pose[:, :3].T
    tip, (a, b, c, d) = pixels(pose[:, 3]), pixels(base)
    top = pixels(0.5 * (base[0] + base[1]) + 0.35 * length * pose[:, 1])
    for start, end in ((a, b), (b, d), (d, c), (c, a), (a, top), (b, top)):
        _line(view, start, end, color)
    for corner in (a, b, c, d):
        _line(view, tip, corner, color)
    cv2.circle(
        view,
        tuple(np.clip(np.rint(tip), -9999, 9999).astype(int).tolist()),
        2,
        color,
        -1,
        cv2.LINE_AA,
    )


def _grid(view: NDArray, pixels, middle: NDArray, axes: tuple[int, int], reach: float) -> None:
    """Lines a round number of units apart, and the number."""
    step = 10.0 ** np.floor(np.log10(reach))
    step *= 0.5 if reach / step < 2 else 1.0 if reach / step < 5 else 2.0
    for k, axis in enumerate(axes):
        first = np.ceil((middle[axis] - reach) / step)
        for n in np.arange(first, np.floor((middle[axis] + reach) / step) + 1):
            ends = np.tile(middle, (2, 1))
            ends[:, axes[1 - k]] += (-reach, reach)
            ends[:, axis] = n * step
            _line(view, *pixels(ends), _GRID)
    _text(view, f"grid {step:g}", (view.shape[1] - 100, view.shape[0] - 12))


def _line(view: NDArray, start: NDArray, end: NDArray, color) -> None:
    ends = np.clip(np.stack([start, end]), -1e5, 1e5)
    a, b = (np.rint(point * 2**_SHIFT).astype(int).tolist() for point in ends)
    cv2.line(view, tuple(a), tuple(b), color, 1, cv2.LINE_AA, _SHIFT)


def _text(view: NDArray, words: str, at: tuple[int, int]) -> None:
    ascii_only = words.encode("ascii", "replace").decode()
    cv2.putText(view, ascii_only, at, cv2.FONT_HERSHEY_SIMPLEX, 0.48, _INK, 1, cv2.LINE_AA)
