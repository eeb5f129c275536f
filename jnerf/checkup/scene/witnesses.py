"""What the pictures themselves say of poses and lenses: a spot that is found in two of them lies on two rays that meet.

SIFT features of pairs of pictures are matched without regard to any pose. A reading of the poses (as they are, with
other axes, inverted ...) is judged by how far, in pixels, the second ray misses the plane that the first one spans with
the other camera, and by whether both meet in front of their cameras.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.posed import PosedImages

_PAIRS, _NEIGHBOURS = 12, 2  # pictures that are asked, and with how many others each is compared
_SIZE, _FEATURES, _RATIO = 1000, 4000, 0.75
_LEAST = 16  # matches of a pair that count
_LARGEST_TURN = 45.0  # degrees between the view directions of a pair
_FITS = 3.0  # pixels of a picture of at most 1000


@dataclass(frozen=True, eq=False)
class Witnesses:
    """M matches between pairs of pictures.

    Attributes:
        first: the one camera, int [M].
        second: the other, int [M].
        xy_first: pixels of the one picture, from its corner, [M, 2].
        xy_second: pixels of the other, [M, 2].
        pixel: of the pictures that were compared, in pixels of the cameras, [M].
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    xy_first: NDArray[np.float64]
    xy_second: NDArray[np.float64]
    pixel: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first)

    def select(self, chosen: NDArray[np.bool_]) -> Witnesses:
        """Some of the matches, bool [M]."""
        return Witnesses(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a reading of the poses makes of M matches.

    Attributes:
        misses: by how much two rays miss one another, pixels, [M].
        points: where they come nearest, [M, 3].
        meet: whether they do, in front of both cameras, within three pixels, bool [M].
        parallax: angle between them, degrees, [M].
    """

    misses: NDArray[np.float64]
    points: NDArray[np.float64]
    meet: NDArray[np.bool_]
    parallax: NDArray[np.float64]

    @property
    def share(self) -> float:
        """Matches that fit."""
        return float(self.meet.mean()) if len(self.meet) else 0.0

    @property
    def median(self) -> float:
        """Median miss, pixels."""
        return float(np.median(self.misses)) if len(self.misses) else np.inf


def find_witnesses(dataset: PosedImages) -> Witnesses:
    """Matches between pictures of a dataset that are turned alike; as many as are found.

    Which pictures are compared depends on the angles between cameras alone: they are the same if axes are flipped or
    poses inverted.
    """
    pairs = _pairs(dataset.cameras.c2w)
    features = {i: _features(dataset, i) for i in sorted({i for pair in pairs for i in pair})}
    found = []
    for a, b in pairs:
        xy = _matches(features[a], features[b])
        if len(xy) >= _LEAST:
            pixel = np.full(len(xy), max(features[a][2], features[b][2]))
            found.append((np.full(len(xy), a), np.full(len(xy), b), xy[:, :2], xy[:, 2:], pixel))
    if not found:
        none = np.zeros(0, np.int64)
        return Witnesses(none, none, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0))
    return Witnesses(*(np.concatenate(part) for part in zip(*found, strict=True)))


def judge(witnesses: Witnesses, cameras: Cameras) -> Verdict:
    """What cameras make of the matches."""
    rays = []
    for which, xy in (
        (witnesses.first, witnesses.xy_first),
        (witnesses.second, witnesses.xy_second),
    ):
        rays.append(cameras.generate_rays(which, xy[:, 0] - 0.5, xy[:, 1] - 0.5))
    focal = cameras.intrinsics[witnesses.first, :2].mean(axis=1) / witnesses.pixel
    return judge_rays(*rays, focal)


def judge_rays(
    first: tuple[NDArray, NDArray], second: tuple[NDArray, NDArray], focal: NDArray
) -> Verdict:
    """What pairs of rays make of one another.

    Args:
        first: origins and unit directions, [M, 3] each.
        second: the same of the other camera.
        focal: pixels per radian, [M].
    """
    (o1, d1), (o2, d2) = ((o.astype(np.float64), d.astype(np.float64)) for o, d in (first, second))
    base = o2 - o1
    normal = np.cross(base, d1)
    length = np.linalg.norm(normal, axis=1)
    # Along the line from camera to camera nothing can be said, nor without one.
    still = length < 1e-3 * np.maximum(np.linalg.norm(base, axis=1), 1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = np.einsum("ij,ij->i", normal, d2) / length
        misses = np.abs(np.arcsin(np.clip(sine, -1, 1))) * focal
        along = np.einsum("ij,ij->i", d1, d2)
        b1, b2 = np.einsum("ij,ij->i", base, d1), np.einsum("ij,ij->i", base, d2)
        across = np.maximum(1 - along**2, 1e-12)
        t1, t2 = (b1 - along * b2) / across, (along * b1 - b2) / across
    misses = np.where(still | np.isnan(misses), 0.0, misses)
    points = 0.5 * (o1 + t1[:, None] * d1 + o2 + t2[:, None] * d2)
    meet = (misses < _FITS) & ((t1 > 0) & (t2 > 0) | still)
    return Verdict(misses, points, meet, np.degrees(np.arccos(np.clip(along, -1, 1))))


def _pairs(c2w: NDArray[np.floating]) -> list[tuple[int, int]]:
    n = len(c2w)
    turns = np.einsum("aij,bij->ab", c2w[:, :, :3], c2w[:, :, :3])
    angles = np.degrees(np.arccos(np.clip((turns - 1) / 2, -1, 1)))
    np.fill_diagonal(angles, np.inf)
    found = set()
    for a in np.unique(np.linspace(0, n - 1, min(n, _PAIRS)).astype(int)):
        for b in np.argsort(angles[a], kind="stable")[:_NEIGHBOURS]:
            if angles[a, b] < _LARGEST_TURN:
                found.add((min(int(a), int(b)), max(int(a), int(b))))
    return sorted(found)


def _features(dataset: PosedImages, i: int) -> tuple[NDArray, NDArray | None, float]:
    """Pixels [P, 2], descriptors, and how many pixels of the camera one of the searched picture is."""
    rgba = dataset.images.image(i).astype(np.float32)
    over_grey = rgba[..., :3] * (rgba[..., 3:] / 255) + 128 * (1 - rgba[..., 3:] / 255)
    grey = cv2.cvtColor(over_grey.astype(np.uint8), cv2.COLOR_RGB2GRAY)
    scale = max(1.0, max(grey.shape) / _SIZE)
    if scale > 1:
        grey = cv2.resize(grey, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    points, descriptors = cv2.SIFT_create(_FEATURES).detectAndCompute(grey, None)
    xy = np.array([point.pt for point in points], np.float64).reshape(-1, 2)
    return (xy + 0.5) * scale, descriptors, scale


def _matches(a: tuple, b: tuple) -> NDArray[np.float64]:
    """Pixels of both pictures that show the same spot, [P, 4]: mutual, distinct, and of one geometry."""
    none = np.zeros((0, 4))
    if a[1] is None or b[1] is None or min(len(a[0]), len(b[0])) < _LEAST:
        return none
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    best = matcher.knnMatch(a[1], b[1], k=2)
    back = {m.queryIdx: m.trainIdx for m in matcher.match(b[1], a[1])}
    pairs = [
        (m.queryIdx, m.trainIdx)
        for m, other in (pair for pair in best if len(pair) == 2)
        if m.distance < _RATIO * other.distance and back.get(m.trainIdx) == m.queryIdx
    ]
    if len(pairs) < _LEAST:
        return none
    first, second = np.array(pairs).T
    xy = np.concatenate([a[0][first], b[0][second]], axis=1)
    pixel = max(a[2], b[2])
    cv2.setRNGSeed(0)
    _, kept = cv2.findFundamentalMat(xy[:, :2], xy[:, 2:], cv2.FM_RANSAC, 2.0 * pixel, 0.999, 2000)
    return xy[kept.ravel() > 0] if kept is not None else none
