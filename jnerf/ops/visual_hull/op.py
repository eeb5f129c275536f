"""Jittor op that marks cells of an occupancy grid as empty where silhouettes prove it.

Laurentini 1994, "The visual hull concept for silhouette-based image understanding", https://doi.org/10.1109/34.273735.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.ops.common import code_op
from jnerf.ops.occupancy import check_resolution

_MOST_BLOCKS = 2**24  # of all images together: 64 MiB


@dataclass(frozen=True)
class Silhouettes:
    """What N images show of their foreground, in a form in which any rectangle of pixels is looked up at once.

    Attributes:
        counts: of each image, how many blocks with foreground lie above and to the left of each corner of its blocks,
            int32 [N, rows, cols].
        block: pixels a side of a block.
    """

    counts: NDArray[np.int32]
    block: int


def silhouettes(masks: Iterable[NDArray[np.bool_]], sizes: NDArray[np.int64]) -> Silhouettes:
    """Takes in images, one after the other.

    Args:
        masks: where each is not background, bool [H, W].
        sizes: their widths and heights, int [N, 2].

    >>> silhouettes([np.eye(2, dtype=bool)], np.array([[2, 2]])).counts.tolist()
    [[[0, 0, 0], [0, 1, 1], [0, 1, 2]]]
    """
    sizes = np.asarray(sizes, np.int64)
    width, height = sizes.max(axis=0)
    block = 1
    while len(sizes) * -(-width // block) * -(-height // block) > _MOST_BLOCKS:
        block *= 2
    rows, cols = -(-height // block), -(-width // block)
    counts = np.zeros((len(sizes), rows + 1, cols + 1), np.int32)
    for count, mask in zip(counts, masks, strict=True):
        padded = np.zeros((rows * block, cols * block), bool)
        padded[: mask.shape[0], : mask.shape[1]] = mask
        blocks = padded.reshape(rows, block, cols, block).any((1, 3))
        count[1:, 1:] = blocks.cumsum(0, np.int32).cumsum(1, np.int32)
    return Silhouettes(counts, block)


def carve(
    grid: jt.Var,
    c2w: NDArray[np.float64],
    intrinsics: NDArray[np.float64],
    sizes: NDArray[np.int64],
    seen: Silhouettes,
    resolution: int = 128,
    least: int = 1,
) -> jt.Var:
    """The grid with -1 in cells whose picture, in ``least`` images or more, is inside and background alone.

    A cell's picture is bounded by a rectangle around that of the ball around it, rounded outwards to whole blocks.

    Args:
        grid: see ``jnerf.ops.occupancy``; float32 [levels * resolution^3].
        c2w: OpenGL camera-to-field matrices, float [N, 3, 4].
        intrinsics: pinhole fx, fy, cx, cy in pixels, float [N, 4].
        sizes: width, height in pixels, [N, 2].
        seen: what the images show.
        resolution: cells per side.
        least: so many images must agree. One proves it where silhouettes are exact; a second forgives one fault, but
            leaves a third more (of the embedded scene with wires 35 % of the box, not 26).

    Returns:
        float32 [levels * resolution^3].

    Raises:
        ValueError: sizes of the arrays differ, or the grid is impossible.
    """
    n = len(c2w)
    shapes = np.shape(c2w), np.shape(intrinsics), np.shape(sizes), seen.counts.shape[:1]
    if shapes != ((n, 3, 4), (n, 4), (n, 2), (n,)):
        raise ValueError(
            f"c2w, intrinsics, sizes and silhouettes are {shapes}; they must be of as many cameras: "
            "[N, 3, 4], [N, 4], [N, 2] and [N, rows, cols]"
        )
    levels = grid.shape[0] // check_resolution(resolution, 1)
    if n < least:
        return grid
    cameras = np.zeros((n, 20), np.float32)
    cameras[:, :12] = np.reshape(c2w, (n, 12))
    cameras[:, 12:16], cameras[:, 16:18] = intrinsics, sizes
    source = """
jnerf::carve(out0->num, jnerf::Carve{in0_p, in1_p, in2_p, (int)(in1->num / 20), (int)data["rows"],
    (int)data["cols"], (int)data["res"], (int)data["levels"], (int)data["least"], (float)data["block"], out0_p});
"""
    _, rows, cols = seen.counts.shape
    data = {"rows": rows, "cols": cols, "res": resolution, "levels": levels}
    data |= {"least": least, "block": seen.block}
    inputs = [grid, jt.array(cameras), jt.array(seen.counts)]
    return code_op("visual_hull", [grid.shape], ["float32"], inputs, source, data)[0].stop_grad()
