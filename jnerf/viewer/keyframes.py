"""The keyframes of a camera path while it is edited: their times are even until one is set, or a file has some."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.errors import DataError


class Keyframes:
    """K keyframes.

    Attributes:
        poses: OpenGL poses [3, 4] in the page's frame.
        fov: vertical fields of view, degrees.
        loop: whether the film goes back to the first.
        seconds: the film's length; of a loop, that of a round.
    """

    def __init__(self) -> None:
        self.poses: list[NDArray[np.float64]] = []
        self.fov: list[float] = []
        self.loop, self.seconds = False, 4.0
        self._times: list[float] | None = None  # None: even

    def __len__(self) -> int:
        return len(self.poses)

    def checked(self, i: int) -> int:
        """The number of a keyframe.

        Raises:
            DataError: there is none.
        """
        if not 0 <= i < len(self):
            raise DataError(f"there is no keyframe {i}; there are {len(self)}, from 0")
        return i

    def times(self) -> list[float]:
        """Seconds of each keyframe."""
        if self._times is not None:
            return list(self._times)
        ways = len(self) if self.loop else max(len(self) - 1, 1)
        return [self.seconds * i / ways for i in range(len(self))]

    def add(self, pose: NDArray[np.float64], fov: float) -> None:
        """Puts a keyframe behind the last; where times are set the film grows by their mean distance."""
        if self._times is not None:
            gap = self.seconds / max(len(self) - (not self.loop), 1)
            self._times.append(self._times[-1] + gap)
            self.seconds += gap
        self.poses.append(pose)
        self.fov.append(fov)

    def delete(self, i: int) -> None:
        """Takes a keyframe out; the times of the others stay where they are set."""
        del self.poses[i], self.fov[i]
        if self._times is not None:
            del self._times[i]
            self._measure()
        if not self.poses:
            self._times = None

    def clear(self) -> None:
        """Takes out all of them."""
        self.poses, self.fov, self._times = [], [], None

    def even(self) -> None:
        """Spaces the times evenly over the film."""
        self._times = None

    def set_time(self, i: int, seconds: float) -> None:
        """Sets one keyframe's time; the others stay.

        Raises:
            DataError: it does not lie between those before and after.
        """
        times = self.times()
        low = times[i - 1] if i else -np.inf
        high = times[i + 1] if i + 1 < len(times) else np.inf
        if self.loop:
            first = seconds if i == 0 else times[0]
            high = min(high, first + self.seconds)
            low = low if i else times[-1] - self.seconds
        if not low < seconds < high:
            raise DataError(
                f"keyframe {i} cannot be at {seconds:g} seconds: it must be after {low:g} and before {high:g}, where "
                "its neighbours are"
            )
        times[i] = seconds
        self._times = times
        self._measure()

    def stretch(self, seconds: float) -> None:
        """Makes the film so long; times that are set are stretched with it."""
        if seconds <= 0:
            raise DataError(f"the film cannot last {seconds:g} seconds: it must be more than 0")
        if self._times is not None:
            first, factor = self._times[0], seconds / self.seconds
            self._times = [first + (t - first) * factor for t in self._times]
        self.seconds = seconds

    def close(self, loop: bool) -> None:
        """Makes a loop of it, or none; where times are set the way back takes the mean of the others."""
        if self._times is not None and loop and not self.loop:
            self.seconds *= len(self) / max(len(self) - 1, 1)
        self.loop = loop
        self._measure()

    def take(self, path: CameraPath, world_to_page: Similarity) -> None:
        """Takes all of a path in world units, its times among it."""
        self.poses, self.fov = list(world_to_page.poses(path.c2w)), path.fov.tolist()
        self._times, self.loop = path.times.tolist(), path.loop
        self.seconds = float(path.period or self.seconds)
        self._measure()

    def path(self, page_to_world: Similarity) -> CameraPath:
        """The path in world units.

        Raises:
            DataError: there is no keyframe.
        """
        if not self.poses:
            raise DataError("the path has no keyframe: go somewhere and add the view")
        poses = page_to_world.poses(np.stack(self.poses))
        period = self.seconds if self.loop else None
        return CameraPath(poses, np.array(self.fov), np.array(self.times()), self.loop, period)

    def _measure(self) -> None:
        """The length of an open film is that of its times; a single keyframe has none of its own."""
        if self._times and len(self._times) > 1 and not self.loop:
            self.seconds = self._times[-1] - self._times[0]
