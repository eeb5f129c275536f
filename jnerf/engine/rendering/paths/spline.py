"""A curve through keyframes: positions, rotations and fields of view that pass through each one without a jerk.

Positions and other numbers are cubic Hermite curves whose velocity at a keyframe is that of the parabola through it and
its two neighbours (Catmull-Rom for uneven times). Rotations are the same in the group of rotations: the curves of
Kim, Kim and Shin 1995 ("A general construction scheme for unit quaternion curves with simple high order derivatives"),
cubic Bezier curves in cumulative form, ``q(u) = q0 exp(w1 b1(u)) exp(w2 b2(u)) exp(w3 b3(u))``, which have any wanted
angular velocity at both ends. Both are once continuously differentiable, and a keyframe moves only the four segments
around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.rendering.paths import quaternions as quat

Floats = NDArray[np.float64]
# What a time may differ from a keyframe's, as a share of the segment, to be it: then its values have its bits.
_SNAP = 1e-9


@dataclass(frozen=True)
class Knots:
    """Times of K keyframes, and where times between them fall.

    Attributes:
        times: ascending, [K].
        period: what a closed curve takes for a round, more than the last time minus the first; None for an open one.
    """

    times: Floats
    period: float | None = None

    @property
    def ends(self) -> Floats:
        """Times of the keyframes, and of the first one's return on a closed curve, [K] or [K + 1]."""
        if self.period is None:
            return self.times
        return np.append(self.times, self.times[0] + self.period)

    def locate(self, t: Floats) -> tuple[NDArray[np.int64], Floats]:
        """The segments in which times lie and how far in, from 0 to 1, [T] each; at least two knots.

        Times outside an open curve are those of its ends, those of a closed one any round's.
        """
        ends = self.ends
        if self.period is not None:
            t = ends[0] + (t - ends[0]) % self.period
        segment = np.clip(np.searchsorted(ends, t, side="right") - 1, 0, len(ends) - 2)
        u = np.clip((t - ends[segment]) / np.diff(ends)[segment], 0, 1)
        return segment, np.where(u < _SNAP, 0.0, np.where(u > 1 - _SNAP, 1.0, u))


def interpolate(knots: Knots, values: Floats, t: Floats) -> Floats:
    """Numbers at times between keyframes.

    Args:
        knots: K of them.
        values: at the keyframes, [K, C].
        t: times, [T].

    Returns:
        [T, C]; at the time of a keyframe, its values, bit for bit.
    """
    if len(values) == 1:
        return np.repeat(values, len(t), axis=0)
    i, u = knots.locate(t)
    step = np.diff(knots.ends)
    closed = values if knots.period is None else np.concatenate([values, values[:1]])
    velocity = _velocities(np.diff(closed, axis=0) / step[:, None], step, knots)
    u, span = u[:, None], step[i][:, None]
    start, end = closed[i], closed[i + 1]
    bend = (1 - u) * velocity[i] - u * velocity[i + 1]
    found = start + (end - start) * (u * u * (3 - 2 * u)) + span * u * (1 - u) * bend
    return np.where(u == 0, start, np.where(u == 1, end, found))


def rotate(knots: Knots, rotations: Floats, t: Floats) -> Floats:
    """Rotations at times between keyframes, the short way round from each to the next.

    Args:
        knots: K of them.
        rotations: of the keyframes, [K, 3, 3].
        t: times, [T].

    Returns:
        [T, 3, 3]; at the time of a keyframe, its rotation, bit for bit.
    """
    if len(rotations) == 1:
        return np.repeat(rotations, len(t), axis=0)
    i, u = knots.locate(t)
    step = np.diff(knots.ends)
    if knots.period is not None:
        rotations = np.concatenate([rotations, rotations[:1]])
    q = quat.from_matrices(rotations)
    turns = quat.log(quat.times(quat.inverse(q[:-1]), q[1:]))
    velocity = _velocities(turns / step[:, None], step, knots)
    first, last = velocity[:-1] * step[:, None] / 3, velocity[1:] * step[:, None] / 3
    middle = quat.times(quat.exp(-first), quat.times(quat.exp(turns), quat.exp(-last)))
    parts = first[i], quat.log(middle)[i], last[i]
    u = u[:, None]
    bases = 1 - (1 - u) ** 3, u * u * (3 - 2 * u), u**3
    found = q[i]
    for part, base in zip(parts, bases, strict=True):
        found = quat.times(found, quat.exp(part * base))
    found, u = quat.to_matrices(found), u[..., None]
    return np.where(u == 0, rotations[i], np.where(u == 1, rotations[i + 1], found))


def _velocities(slopes: Floats, step: Floats, knots: Knots) -> Floats:
    """Velocities at the keyframes (and at the first one's return), from the mean velocities of the segments.

    Args:
        slopes: of the S segments, [S, C].
        step: how long each takes, [S].
        knots: they tell whether the curve is closed.

    Returns:
        [S + 1, C].
    """
    before, after = slopes[:-1], slopes[1:]
    left, right = step[:-1, None], step[1:, None]
    inner = (right * before + left * after) / (left + right)
    if knots.period is None:
        first, last = slopes[0], slopes[-1]
    else:
        first = last = (step[0] * slopes[-1] + step[-1] * slopes[0]) / (step[0] + step[-1])
    return np.concatenate([first[None], inner, last[None]])
