"""What a film plays: cameras one after the other, and the keyframes between which they may lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jnerf.datasets.cameras.poses import check_poses
from jnerf.engine.rendering.paths.spline import Knots, interpolate, rotate
from jnerf.errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flight:
    """Pinhole cameras of N frames, in the order in which they are shown.

    Attributes:
        c2w: OpenGL camera-to-world poses in world units, float64 [N, 3, 4].
        fov: vertical fields of view, degrees, float64 [N].

    Raises:
        DataError: a pose is no rigid motion, or a field of view no angle between 0 and 180 degrees.
    """

    c2w: Floats
    fov: Floats

    def __post_init__(self) -> None:
        names = [f"frame {i}" for i in range(len(self.c2w))]
        object.__setattr__(self, "c2w", check_poses(self.c2w, names))
        object.__setattr__(self, "fov", check_fov(self.fov, names))

    def __len__(self) -> int:
        return len(self.c2w)

    def with_fov(self, degrees: float | None) -> Flight:
        """The same flight with one field of view for all frames; None leaves them as they are."""
        return self if degrees is None else Flight(self.c2w, np.full(len(self), degrees))

    def intrinsics(self, width: int, height: int) -> NDArray[np.float32]:
        """fx fy cx cy of square pixels, the principal point in the middle, float32 [N, 4]."""
        focal = 0.5 * height / np.tan(np.radians(self.fov) / 2)
        middle = np.tile([width / 2, height / 2], (len(self), 1))
        return np.column_stack([focal, focal, middle]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class CameraPath:
    """K keyframes, and the curve through them (``spline.py``).

    Attributes:
        c2w: OpenGL camera-to-world poses in world units, float64 [K, 3, 4], K at least 1.
        fov: vertical fields of view, degrees, [K].
        times: seconds, ascending, [K].
        loop: whether it goes on from the last keyframe to the first.
        period: seconds of a round of a loop, more than from the first to the last keyframe; None: for the way back, the
            mean of the other ways. Of no meaning without a loop.
        fps: frames per second that the film was meant to have; None: not said.
        size: width and height in pixels that it was meant to have; None: not said.

    Raises:
        DataError: what is said of one field contradicts the others, or is no camera.
    """

    c2w: Floats
    fov: Floats
    times: Floats
    loop: bool = False
    period: float | None = None
    fps: float | None = None
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        names = [f"keyframe {i}" for i in range(len(self.c2w))]
        c2w = check_poses(self.c2w, names)
        times = np.asarray(self.times, np.float64)
        if (
            times.shape != (len(c2w),)
            or not np.isfinite(times).all()
            or (np.diff(times) <= 0).any()
        ):
            raise DataError(
                f"the times of {len(c2w)} keyframes must be as many seconds, each after the one before, got "
                f"{times.tolist()}"
            )
        span = float(times[-1] - times[0])
        period = None
        if self.loop:
            period = self.period or (span * len(c2w) / max(len(c2w) - 1, 1) or 1.0)
            if not np.isfinite(period) or period <= span:
                raise DataError(
                    f"a loop of {period:g} seconds has keyframes over {span:g}: it must be longer, for the way back"
                )
        checked = {"c2w": c2w, "fov": check_fov(self.fov, names), "times": times, "period": period}
        for key, value in checked.items():
            object.__setattr__(self, key, value)

    def __len__(self) -> int:
        return len(self.c2w)

    @classmethod
    def of_frames(
        cls,
        c2w: ArrayLike,
        fov: ArrayLike,
        fps: float,
        loop: bool = False,
        size: tuple[int, int] | None = None,
    ) -> CameraPath:
        """A path of which every frame is given: frame i is shown at i / fps seconds."""
        c2w = np.asarray(c2w, np.float64)
        n = len(c2w)
        period = n / fps if loop else None
        return cls(c2w, np.asarray(fov, np.float64), np.arange(n) / fps, loop, period, fps, size)

    def at(self, seconds: ArrayLike) -> Flight:
        """Cameras at any times, [T] seconds; before the first and after the last keyframe of an open path, these."""
        t = np.atleast_1d(np.asarray(seconds, np.float64))
        knots = Knots(self.times, self.period)
        positions = interpolate(knots, self.c2w[:, :, 3], t)
        rotations = rotate(knots, self.c2w[:, :, :3], t)
        # Of the logarithm of the tangent, so that no curve leaves 0 to 180 degrees.
        opening = np.log(np.tan(np.radians(self.fov) / 2))[:, None]
        fov = np.degrees(2 * np.arctan(np.exp(interpolate(knots, opening, t)[:, 0])))
        same = np.abs(self.fov - self.fov[0]).max() == 0
        fov = np.full(len(t), self.fov[0]) if same else fov
        return Flight(np.concatenate([rotations, positions[..., None]], axis=2), fov)

    def n_frames(self, fps: float) -> int:
        """Frames of a film in its own time: of an open path both ends, of a loop one round without its first again."""
        if self.period is not None:
            return max(1, round(self.period * fps))
        return round((self.times[-1] - self.times[0]) * fps) + 1

    def flight(self, n_frames: int) -> Flight:
        """Evenly spaced cameras, as many as asked for, of the whole path; see :meth:`n_frames` for its ends."""
        start = self.times[0]
        if self.period is not None:
            return self.at(start + self.period * np.arange(n_frames) / n_frames)
        return self.at(np.linspace(start, self.times[-1], n_frames))


def check_fov(fov: ArrayLike, names: list[str]) -> Floats:
    """Vertical fields of view in degrees, float64 [N].

    Raises:
        DataError: one is no angle between 0 and 180; names it.
    """
    fov = np.asarray(fov, np.float64)
    if fov.shape != (len(names),):
        raise DataError(f"{len(names)} cameras need as many fields of view, got {list(fov.shape)}")
    with np.errstate(invalid="ignore"):
        bad = ~((fov > 0) & (fov < 180))
    if bad.any():
        i = int(bad.argmax())
        raise DataError(
            f"{names[i]}: a vertical field of view of {fov[i]:g} degrees; it must be more than 0 and less than 180"
        )
    return fov
