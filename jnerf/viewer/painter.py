"""Renders for those who look on, a portion of rays at a time, coarse pictures first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.image import render_rays
from jnerf.engine.rendering.preview import Progressive
from jnerf.imaging.pictures import to_uint8
from jnerf.ops.common import device
from jnerf.structures import RayBundle
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.colormaps import colored
from jnerf.viewer.crop import cropped
from jnerf.viewer.settings import Settings
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint

#: Strides of the pictures of a view; it begins with the finest that takes no longer than COARSE seconds.
STRIDES = (16, 8, 4, 2, 1)
COARSE = 0.1
#: Seconds that one portion of rays aims at, and its bounds: on the CPU, and on CUDA, where each costs the host as much.
_PORTION, _FEWEST, _MOST = 0.05, 256, (16384, 2**20)
#: Seconds between two pictures of a view that is already complete and is rendered again as the field learns.
_REFRESH = 0.7

Send = Callable[[NDArray[np.uint8], NDArray[np.float32] | None], None]


class Onlooker:
    """Somebody's view and how far it is.

    Args:
        viewpoint: gives where they look from, or None while that is not known.
        send: takes a picture, RGB [h, w, 3], and its depths along the view axis, [h, w], or None.
    """

    def __init__(self, viewpoint: Callable[[], Viewpoint | None], send: Send) -> None:
        self.viewpoint, self.send = viewpoint, send
        self.moved = True
        self.view: Viewpoint | None = None
        self.progress: Progressive | None = None
        self.pictures = 0
        self.spent: tuple[int, float] = (0, 0.0)  # rays and seconds since the last complete picture
        self.note = ""
        self._cameras: Cameras | None = None
        self._shown: tuple[int, float] = (0, 0.0)
        self._painted: Any = None

    @property
    def waiting(self) -> bool:
        """Whether there is no picture of the view at all yet."""
        return self.progress is None or self.progress.stride is None

    def begin(self, view: Viewpoint, strides: tuple[int, ...]) -> None:
        """Looks from somewhere else, or at something else."""
        self.view = view
        self.progress = Progressive(view.width, view.height, strides)
        self.spent = (0, 0.0)
        self._cameras = None
        self._shown = (0, 0.0)

    def cameras(self, stage: Stage) -> Cameras:
        """The view as one camera whose rays are the field's."""
        if self._cameras is None:
            self._cameras = stage.cameras_of(self.view)
        return self._cameras

    def due(self, paint: Any, refreshed: bool) -> bool:
        """Whether there is a picture that they have not got.

        Args:
            paint: what the picture depends on beside what was rendered.
            refreshed: pixels have been replaced since.
        """
        if self.waiting:
            return False
        stride, when = self._shown
        if stride != self.progress.stride or paint != self._painted:
            return True
        return refreshed and stride == 1 and time.monotonic() - when > _REFRESH

    def sent(self, paint: Any) -> None:
        """A picture has been sent."""
        self._shown = self.progress.stride, time.monotonic()
        self._painted = paint
        self.pictures += 1


class Painter:
    """Spends the time it is given on the pictures of all who look on, one after the other.

    Args:
        stage: the scene.
        settings: what people have set.
        channels: by their registered names.
        rendering: a context in which the field may be asked; inside, the weights are those to show.
    """

    def __init__(
        self,
        stage: Stage,
        settings: Settings,
        channels: dict[str, Channel],
        rendering: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._stage, self._settings, self._channels = stage, settings, channels
        self._rendering = rendering
        self._look: Any = None
        self._pipeline: Pipeline = stage.pipeline
        #: Rays a second of the last portions, and of whole pictures, whose parts differ: the sky is soon done.
        self.rate = self.pace = 20000.0

    @property
    def channel(self) -> Channel:
        """What is shown."""
        return self._channels[self._settings.channel]

    def spend(self, onlookers: list[Onlooker], seconds: float, refresh: bool) -> bool:
        """Renders for about so long.

        Args:
            onlookers: those who look on.
            seconds: to be spent; at least one portion is rendered if something is to be, and as many as somebody who
                has just come needs for a first picture.
            refresh: begin complete views again, since the field changes.

        Returns:
            Whether there was something to do.
        """
        end = time.perf_counter() + seconds
        self._follow(onlookers)
        ready = [one for one in onlookers if one.progress is not None]
        for one in ready:
            if one.due(self._settings.paint(), refreshed=False):
                self._send(one)
        if not ready or not (refresh or any(not one.progress.done for one in ready)):
            return False
        with self._rendering():
            for onlooker in self._turns(ready, refresh):
                self._portion(onlooker, max(end - time.perf_counter(), 0))
                if time.perf_counter() >= end and all(one.pictures for one in ready):
                    break
        return True

    def _follow(self, onlookers: list[Onlooker]) -> None:
        """Begins the views of those who have moved, and of all when something else is to be seen."""
        look = self._settings.look()
        anew, self._look = look != self._look, look
        if anew:
            crop = self._settings.crop
            self._pipeline = (
                self._stage.pipeline if crop is None else cropped(self._stage.pipeline, crop)
            )
        for onlooker in onlookers:
            if not (anew or onlooker.moved or onlooker.progress is None):
                continue
            onlooker.moved = False
            view = onlooker.viewpoint()
            if view is not None:
                onlooker.begin(view, self._strides(view))

    def _strides(self, view: Viewpoint) -> tuple[int, ...]:
        for i, stride in enumerate(STRIDES[1:]):
            if view.width * view.height / stride**2 > COARSE * self.pace:
                return STRIDES[i:]
        return STRIDES[-1:]

    def _turns(self, onlookers: list[Onlooker], refresh: bool) -> Iterator[Onlooker]:
        """Whose turn it is, as long as somebody has something to wait for: those without any picture first."""
        while True:
            waiting = [one for one in onlookers if one.waiting]
            unfinished = waiting or [one for one in onlookers if not one.progress.done]
            if not unfinished:
                if not refresh:
                    return
                for one in onlookers:
                    one.progress.restart()
                unfinished = onlookers
            yield from unfinished

    def _portion(self, onlooker: Onlooker, seconds: float) -> None:
        """Renders some rays of a view, and sends its picture when one is complete."""
        most = int(self.rate * min(max(seconds, 0.01), _PORTION))
        x, y = onlooker.progress.next(min(max(most, _FEWEST), _MOST[device.on_cuda()]))
        start = time.perf_counter()
        cameras = onlooker.cameras(self._stage)

        @cache
        def rays(first: int, end: int) -> RayBundle:
            return self._stage.bundle(cameras, x[first:end], y[first:end])

        found = render_rays(self._pipeline, rays, len(x), len(x))
        extras = self.channel.measure(self._stage, self._pipeline, rays(0, len(x)))
        found = self._stage.seen(onlooker.view, found, x, y)
        stride = onlooker.progress.stride
        onlooker.progress.put(found, extras)
        taken = max(time.perf_counter() - start, 1e-6)
        self.rate += 0.3 * (len(x) / taken - self.rate)
        n, seconds = onlooker.spent[0] + len(x), onlooker.spent[1] + taken
        if onlooker.progress.stride != stride:
            self.pace += 0.5 * (n / seconds - self.pace)
            n, seconds = 0, 0.0
        onlooker.spent = n, seconds
        if onlooker.due(self._settings.paint(), refreshed=True):
            self._send(onlooker)

    def _send(self, onlooker: Onlooker) -> None:
        shown = self.shown(onlooker)
        onlooker.note = self.channel.note(shown)
        depth = self._planar(shown) if self._settings.depth else None
        onlooker.send(self.picture(shown), depth)
        onlooker.sent(self._settings.paint())

    def shown(self, onlooker: Onlooker) -> Shown:
        """What there is of a view, at its finest complete stride."""
        progress, stride = onlooker.progress, onlooker.progress.stride
        background = np.asarray(self._settings.background, np.float32)
        return Shown(
            progress.image(stride),
            onlooker.view,
            stride,
            self._stage,
            background,
            lambda name: progress.extra(name, stride),
        )

    def picture(self, shown: Shown) -> NDArray[np.uint8]:
        """The picture of the channel that is shown, RGB [h, w, 3]."""
        found = self.channel.picture(shown)
        if found.ndim == 2:
            found = colored(found, self._settings.colormap)
        if self.channel.fades:
            found = shown.over(found / np.float32(255) if found.dtype == np.uint8 else found)
        return found if found.dtype == np.uint8 else to_uint8(found)

    def _planar(self, shown: Shown) -> NDArray[np.float32]:
        """Depths along the view axis; far beyond everything where little is opaque."""
        points = self._stage.points(shown.view, shown.image.depths, shown.stride)
        depths = self._stage.planar(shown.view, points)
        return np.where(shown.image.opacities > 0.5, depths, 1e3).astype(np.float32)
