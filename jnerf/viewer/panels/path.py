"""The editor of camera paths: keyframes, the curve through them, a preview, the json that ``jnerf render`` plays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.engine.rendering.paths.camera_path import CameraPath
from jnerf.engine.rendering.paths.files import load_path, save_path
from jnerf.errors import DataError
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS
from jnerf.viewer.viewpoint import pose_of, quaternion_of

#: Points of the drawn curve.
_POINTS = 120


@PANELS.register()
class PathPanel(Panel):
    """Keyframes are what the camera sees when they are added; times are evenly spaced over the path."""

    title, tab, order = "Camera path", "Film", 0

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self._poses: list[NDArray[np.float64]] = []  # in the page's frame
        self._fov: list[float] = []  # degrees
        self._drawn: list[Any] = []
        self._flight: tuple[Any, float] | None = None  # whose camera flies, and since when

    def lacking(self) -> str | None:
        """Not of pictures."""
        return "films of a picture show windows: jnerf render" if self.viewer.stage.flat else None

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self.control("add", gui.add_button("Add this view"), self._add)
        self._number = gui.add_number("keyframe", 0, min=0, step=1)
        self.control("number", self._number)
        self.control("replace", gui.add_button("Put this view in its place"), self._replace)
        self.control("go", gui.add_button("Look through it"), self._go)
        self.control("delete", gui.add_button("Delete it"), self._delete)
        self.control("clear", gui.add_button("Delete all"), self._clear)
        self._seconds = gui.add_number("seconds", 4.0, min=0.5, max=600.0, step=0.5)
        self.control("seconds", self._seconds, self._changed)
        self._loop = gui.add_checkbox("closed", False, hint="goes back to the first keyframe")
        self.control("loop", self._loop, self._changed)
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
        if not self._poses:
            raise DataError("the path has no keyframe: go somewhere and add the view")
        n, seconds, loop = len(self._poses), float(self._seconds.value), bool(self._loop.value)
        ways = n if loop else max(n - 1, 1)
        times = seconds * np.arange(n) / ways
        poses = self.viewer.stage.transform.inverse().poses(np.stack(self._poses))
        return CameraPath(poses, np.array(self._fov), times, loop, seconds if loop else None)

    def fly(self) -> None:
        """Moves the camera that flies to where it is now; called often while one flies."""
        if self._flight is None:
            return
        client, start = self._flight
        path = self.path()
        length = path.period or float(path.times[-1])
        now = (time.perf_counter() - start) * self.viewer.settings.speed
        gone = client.client_id not in self.viewer.onlookers
        if gone or (now > length and not path.loop) or length <= 0:
            self._land()
            return
        found = path.at(now)
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
        pose, fov = self._here(client)
        self._poses.append(pose)
        self._fov.append(fov)
        self._number.value = len(self._poses) - 1
        self._draw()

    def _chosen(self) -> int:
        i = int(self._number.value)
        if not 0 <= i < len(self._poses):
            raise DataError(f"there is no keyframe {i}; there are {len(self._poses)}, from 0")
        return i

    def _replace(self, value: Any, client: Any) -> None:
        i = self._chosen()
        self._poses[i], self._fov[i] = self._here(client)
        self._draw()

    def _go(self, value: Any, client: Any) -> None:
        i = self._chosen()
        self.viewer.go(client, self._poses[i], float(np.radians(self._fov[i])))

    def _delete(self, value: Any, client: Any) -> None:
        i = self._chosen()
        del self._poses[i], self._fov[i]
        self._number.value = max(0, i - 1)
        self._draw()

    def _clear(self, value: Any, client: Any) -> None:
        self._land()
        self._poses, self._fov = [], []
        self._draw()

    def _changed(self, value: Any, client: Any) -> None:
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
        self._poses = list(self.viewer.stage.transform.poses(path.c2w))
        self._fov = path.fov.tolist()
        self._loop.value = path.loop
        self._seconds.value = float(path.period or path.times[-1] or self._seconds.value)
        self._draw()

    def _draw(self) -> None:
        for handle in self._drawn:
            handle.remove()
        self._drawn = []
        self._said.content = f"{len(self._poses)} keyframes"
        scene, stage = self.viewer.server.scene, self.viewer.stage
        for i, (pose, fov) in enumerate(zip(self._poses, self._fov, strict=True)):
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
        if len(self._poses) > 1:
            line = stage.transform.points(self.path().flight(_POINTS).c2w[:, :, 3])
            pieces = np.stack([line[:-1], line[1:]], axis=1).astype(np.float32)
            color = np.array((240, 90, 160), np.uint8)
            curve = scene.add_line_segments(
                "/path/curve", pieces, color, thickness=2.0, thickness_units="screen"
            )
            self._drawn.append(curve)
