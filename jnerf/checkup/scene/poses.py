"""Do poses, focal lengths and lenses explain what is seen? Each is a finding, with the remedy that pictures prove."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jnerf.checkup.finding import Finding
from jnerf.checkup.scene.witnesses import Verdict, Witnesses, judge, judge_rays
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.cameras.lenses import Pinhole
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.guards.readings import INVERTED, OTHER_AXES, inverted, with_other_axes

#: Matches that fit: a share above the first is fine, one below the second is wrong.
GOOD, BAD = 0.8, 0.5
#: Fewer matches than this say nothing.
ENOUGH = 60
_FACTORS = np.exp(np.linspace(np.log(0.4), np.log(2.5), 47))
_BENDS = np.linspace(-0.5, 0.5, 41)
_MUCH = 0.75  # what an explanation must make of the median miss to be believed
_LEAST_FACTOR = 0.15  # of a focal length, as a logarithm
_OUTER = 0.3  # of the matches are asked for the lens
_LEAST_BEND = 3.0  # pixels in the picture's corner


def check_reading(
    witnesses: Witnesses, cameras: Cameras, transform: Similarity | None
) -> tuple[Finding, Cameras | None]:
    """Whether the poses are read as they were meant.

    Args:
        witnesses: matches between pictures.
        cameras: as the dataset has them.
        transform: world to field.

    Returns:
        The finding, and the cameras that explain the matches; None if none do or nobody can tell.
    """
    if len(witnesses) < ENOUGH:
        return _too_few(len(witnesses)), None
    verdict = judge(witnesses, cameras)
    told = f"{verdict.share:.0%} of {len(witnesses)} matches between pictures fit, median {verdict.median:.2f} px"
    if verdict.share >= GOOD:
        return Finding("OK", "poses", told), cameras
    turned = inverted(cameras, transform)
    readings = [
        (OTHER_AXES, with_other_axes(cameras)),
        (INVERTED, turned),
        (INVERTED + "; they have OpenCV's axes", with_other_axes(turned)),
    ]
    shares = [judge(witnesses, other).share for _, other in readings]
    best = int(np.argmax(shares))
    if shares[best] >= max(BAD, 2 * verdict.share):
        text, found = readings[best]
        mend = f"{text} ({shares[best]:.0%} of the matches fit then)"
        return Finding("FAIL", "poses", told, mend), found
    if verdict.share >= BAD:
        return Finding("warn", "poses", told, "see the focal length and the lens below"), cameras
    mend = "see the focal length below; if that is no help, images and poses are mixed up, or poses are wrong"
    return Finding("FAIL", "poses", told, mend), None


def _too_few(n: int) -> Finding:
    return Finding("OK", "poses", f"the pictures have only {n} matches: too few to judge poses by")


def check_focal(witnesses: Witnesses, cameras: Cameras) -> Finding | None:
    """Whether another focal length would explain the matches much better; None where nothing can be said."""
    if len(witnesses) < ENOUGH or type(cameras.lens) is not Pinhole:
        return None
    before = judge(witnesses, cameras)
    medians = [
        judge(witnesses, replace(cameras, intrinsics=cameras.intrinsics * [k, k, 1, 1])).median
        for k in _FACTORS
    ]
    best = float(_FACTORS[int(np.argmin(medians))])
    if min(medians) > _MUCH * before.median or abs(np.log(best)) < _LEAST_FACTOR:
        return Finding("OK", "focal", _say_focal(cameras))
    now = float(np.median(cameras.intrinsics[:, 0]))
    mend = (
        f"it seems to be {best:.2f} times as long, {now * best:.0f} px: the median miss is {min(medians):.2f} px then, "
        f"now {before.median:.2f}. Is it of another image size, or half an angle taken for a whole one?"
    )
    return Finding("warn", "focal", _say_focal(cameras), mend)


def _say_focal(cameras: Cameras) -> str:
    fx, width = cameras.intrinsics[:, 0].astype(np.float64), cameras.sizes[:, 0]
    angles = np.degrees(2 * np.arctan(0.5 * width / fx))
    low, high = angles.min(), angles.max()
    span = f"{low:.0f}" if high - low < 1 else f"{low:.0f} to {high:.0f}"
    return f"{np.median(fx):.0f} px at {int(np.median(width))} px of width: {span} degrees"


def check_lens(witnesses: Witnesses, cameras: Cameras) -> Finding | None:
    """Whether straight rays miss one another as those of a bent lens would; None where the lens is bent already."""
    if type(cameras.lens) is not Pinhole:
        return Finding("OK", "lens", f"{type(cameras.lens).__name__}: its coefficients are heeded")
    if len(witnesses) < ENOUGH:
        return None
    witnesses = _near_borders(witnesses, cameras)
    before = judge(witnesses, cameras)
    misses = [_bent(witnesses, cameras, k).median for k in _BENDS]
    best = int(np.argmin(misses))
    k = float(_BENDS[best])
    corner = _corner_shift(cameras, k)
    if misses[best] > _MUCH * before.median or corner < _LEAST_BEND:
        return Finding(
            "OK", "lens", f"no distortion, and none is missed (median {before.median:.2f} px)"
        )
    mend = (
        f"the lens bends: with k1 = {k:.3g} (about {corner:.0f} px in the corners) the median miss is "
        f"{misses[best]:.2f} px. Give its coefficients (k1, k2, p1, p2), or undistort the images; COLMAP finds them: "
        "jnerf process images ... --lens OPENCV"
    )
    return Finding(
        "warn",
        "lens",
        f"no distortion is given, and rays miss by {before.median:.2f} px (median)",
        mend,
    )


def _near_borders(witnesses: Witnesses, cameras: Cameras) -> Witnesses:
    """The matches that lie farthest from the middle of one of their pictures: there a lens bends most."""
    radii = []
    for which, xy in (
        (witnesses.first, witnesses.xy_first),
        (witnesses.second, witnesses.xy_second),
    ):
        f = cameras.intrinsics[which]
        radii.append(np.linalg.norm((xy - f[:, 2:]) / f[:, :2], axis=1))
    radius = np.maximum(*radii)
    return witnesses.select(radius >= np.quantile(radius, 1 - _OUTER))


def _bent(witnesses: Witnesses, cameras: Cameras, k: float) -> Verdict:
    """What the matches would be if the pictures had radial distortion k."""
    rays = []
    for which, xy in (
        (witnesses.first, witnesses.xy_first),
        (witnesses.second, witnesses.xy_second),
    ):
        f = cameras.intrinsics[which].astype(np.float64)
        bent = (xy - f[:, 2:]) / f[:, :2]
        straight = bent.copy()
        for _ in range(12):
            straight = bent / np.maximum(1 + k * (straight**2).sum(axis=1, keepdims=True), 0.2)
        local = np.column_stack([straight[:, 0], -straight[:, 1], -np.ones(len(xy))])
        poses = cameras.c2w[which].astype(np.float64)
        rays_d = np.einsum("mij,mj->mi", poses[:, :, :3], local)
        rays.append((poses[:, :, 3], rays_d / np.linalg.norm(rays_d, axis=1, keepdims=True)))
    focal = cameras.intrinsics[witnesses.first, :2].mean(axis=1) / witnesses.pixel
    return judge_rays(*rays, focal)


def _corner_shift(cameras: Cameras, k: float) -> float:
    """By how many pixels distortion k moves the corner of a picture."""
    fx, fy, cx, cy = cameras.intrinsics[0].astype(np.float64)
    radius = np.hypot(cx / fx, cy / fy)
    return float(abs(k) * radius**3 * fx)
