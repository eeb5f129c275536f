"""The editor of camera paths: keyframes, the curve through them, a preview, the json that ``jnerf render`` plays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.files import load_path, save_path
from jnerf.viewer.keyframes import Keyframes
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS
from jnerf.viewer.viewpoint import pose_of, quaternion_of

#: Points of the drawn curve.
_POINTS = 120


@PANELS.register()
class PathPanel(Panel):
    """Keyframes are what the camera sees when they are added; their times are even, those of a file, or set."""

    title, tab, order = "Camera path", "Film", 0

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self.keys = Keyframes()  # in the page's frame
        self._drawn: list[Any] = []
        self._flight: tuple[Any, float] | None = None  # whose camera flies, and since when

    def lacking(self) -> str | None:
        """Not of pictures."""
        return "films of a picture show windows: jnerf render" if self.viewer.stage.flat else None

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self.control("add", gui.add_button("Add this view"), self._add)
        self._number = gui.add_number("keyframe", 0, min=0, step=1)
        self.control("number", self._number, lambda value, client: self._show_time())
        self._time = gui.add_number("its time, seconds", 0.0, step=0.1)
        self.control("time", self._time, self._set_time)
        self.control("replace", gui.add_button("Put this view in its place"), self._replace)
        self.control("go", gui.add_button("Look through it"), self._go)
        self.control("delete", gui.add_button("Delete it"), self._delete)
        self.control("clear", gui.add_button("Delete all"), self._clear)
        self._seconds = gui.add_number("seconds", self.keys.seconds, min=0.1, max=3600.0, step=0.1,
            hint="of the whole film; times of keyframes are stretched with it")  # fmt: skip
        self.control("seconds", self._seconds, self._stretch)
        self.control("even", gui.add_button("Even times"), self._even)
        self._loop = gui.add_checkbox("closed", False, hint="goes back to the first keyframe")
        self.control("loop", self._loop, self._close)
        self._play = self.control("play", gui.add_button("Play"), self._toggle)
        speed = gui.add_slider("speed", min=0.1, max=4.0, step=0.1, initial_value=1.0)
        self.control("speed", speed, self._set_speed)
        place = self.viewer.folder.root / "camera_path.json"
        self._file = gui.add_text("file", str(place), hint="jnerf render RUN --path FILE plays it")
        self.control("file", self._file)
        self.control("save", gui.add_button("Save"), self._save)
        self.control("load", gui.add_button("Load"), self._load)
        self._said = gui.add_markdown("")

    def path(self) -> CameraPath:
        """The path in world units.

        Raises:
            DataError: there is no keyframe.
        """
        return self.keys.path(self.viewer.stage.transform.inverse())

    def fly(self) -> None:
        """Moves the camera that flies to where it is now; called often while one flies."""
        if self._flight is None:
            return
        client, start = self._flight
        path = self.path()
        length = path.period or float(path.times[-1] - path.times[0])
        now = (time.perf_counter() - start) * self.viewer.settings.speed
        gone = client.client_id not in self.viewer.onlookers
        if gone or (now > length and not path.loop) or length <= 0:
            self._land()
            return
        found = path.at(path.times[0] + now)
        pose = self.viewer.stage.transform.poses(found.c2w[0])
        self.viewer.go(client, pose, float(np.radians(found.fov[0])))

    def _toggle(self, value: Any, client: Any) -> None:
        if self._flight is not None:
            self._land()
            return
        self.path()  # or says what it lacks
        self._flight = client, time.perf_counter()
        self._play.label = "Stop playing"
        self.viewer.every_turn(self.fly)

    def _land(self) -> None:
        self._flight = None
        self._play.label = "Play"
        self.viewer.every_turn(None)

    def _here(self, client: Any) -> tuple[NDArray[np.float64], float]:
        camera = client.camera
        return pose_of(camera.wxyz, camera.position), float(np.degrees(camera.fov))

    def _add(self, value: Any, client: Any) -> None:
        self.keys.add(*self._here(client))
        self._number.value = len(self.keys) - 1
        self._draw()

    def _chosen(self) -> int:
        return self.keys.checked(int(self._number.value))

    def _replace(self, value: Any, client: Any) -> None:
        i = self._chosen()
        self.keys.poses[i], self.keys.fov[i] = self._here(client)
        self._draw()

    def _go(self, value: Any, client: Any) -> None:
        i = self._chosen()
        self.viewer.go(client, self.keys.poses[i], float(np.radians(self.keys.fov[i])))

    def _delete(self, value: Any, client: Any) -> None:
        i = self._chosen()
        self.keys.delete(i)
        self._number.value = max(0, i - 1)
        self._draw()

    def _clear(self, value: Any, client: Any) -> None:
        self._land()
        self.keys.clear()
        self._draw()

    def _show_time(self) -> None:
        """Shows the chosen keyframe's time, and the film's length."""
        times, i = self.keys.times(), int(self._number.value)
        if 0 <= i < len(times):
            self._time.value = round(times[i], 6)
        self._seconds.value = round(self.keys.seconds, 6)

    def _set_time(self, value: float, client: Any) -> None:
        try:
            self.keys.set_time(self._chosen(), float(value))
            self._draw()
        finally:
            self._show_time()  # what was there, if it is refused

    def _stretch(self, value: float, client: Any) -> None:
        self.keys.stretch(float(value))
        self._draw()

    def _even(self, value: Any, client: Any) -> None:
        self.keys.even()
        self._draw()

    def _close(self, value: bool, client: Any) -> None:
        self.keys.close(bool(value))
        self._draw()

    def _set_speed(self, value: float, client: Any) -> None:
        self.viewer.settings.speed = float(value)

    def _save(self, value: Any, client: Any) -> None:
        file = Path(self._file.value).expanduser()
        file.parent.mkdir(parents=True, exist_ok=True)
        save_path(file, self.path())
        self._said.content = f"`{file}`"

    def _load(self, value: Any, client: Any) -> None:
        path = load_path(Path(self._file.value).expanduser())
        self.keys.take(path, self.viewer.stage.transform)
        self._loop.value = path.loop
        self._number.value = 0
        self._draw()

    def _draw(self) -> None:
        for handle in self._drawn:
            handle.remove()
        self._drawn = []
        self._show_time()
        self._said.content = f"{len(self.keys)} keyframes"
        scene, stage = self.viewer.server.scene, self.viewer.stage
        for i, (pose, fov) in enumerate(zip(self.keys.poses, self.keys.fov, strict=True)):
            frame = scene.add_camera_frustum(
                f"/path/{i}",
                fov=float(np.radians(fov)),
                aspect=1.5,
                scale=0.08 * stage.size,
                thickness=1.5,
                thickness_units="screen",
                color=(240, 90, 160),
                wxyz=quaternion_of(pose),
                position=pose[:, 3],
                cast_shadow=False,
                receive_shadow=False,
            )
            self._drawn.append(frame)
        if len(self.keys) > 1:
            line = stage.transform.points(self.path().flight(_POINTS).c2w[:, :, 3])
            pieces = np.stack([line[:-1], line[1:]], axis=1).astype(np.float32)
            color = np.array((240, 90, 160), np.uint8)
            curve = scene.add_line_segments(
                "/path/curve", pieces, color, thickness=2.0, thickness_units="screen"
            )
            self._drawn.append(curve)
