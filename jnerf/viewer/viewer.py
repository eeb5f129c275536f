"""The viewer: a page, those who look at it, and its turn between two training steps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.hooks import Hook
from jnerf.engine.live.edits import LiveEdits
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.stop import StopSignal
from jnerf.engine.trainer import Trainer
from jnerf.viewer.calls import Calls
from jnerf.viewer.channels.base import Channel
from jnerf.viewer.libraries import viser
from jnerf.viewer.painter import Onlooker, Painter
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.panels.tabs import build_panels
from jnerf.viewer.registries import CHANNELS
from jnerf.viewer.server import open_server, quiet
from jnerf.viewer.settings import Settings
from jnerf.viewer.stages.choose import stage_of
from jnerf.viewer.stages.stage import Stage
from jnerf.viewer.viewpoint import Viewpoint, pose_of, quaternion_of
from jnerf.viewer.weights import Weights

#: Seconds that a first coarse picture may take out of turn, and the most that is saved up for rendering.
_URGENT, _SAVED_UP = 0.15, 0.25
#: Seconds between two looks of the panels at what they show, and those without pictures behind one that failed.
_PANELS, _FAILED = 0.5, 1.0


class Viewer(Hook):
    """A page that shows a field; a hook of a trainer, or by itself with ``open`` and ``serve``.

    Args:
        host: address to listen on.
        port: wanted port.
        edits: what changes a run that trains; None: its settings cannot be changed from the page.

    Raises:
        JnerfError: viser is not installed.

    Attributes:
        settings: what people have set.
        edits: as above.
        trainer: the run that goes on; None where nothing is trained.
        step: steps that the weights have had.
        config: of the run; None: nobody has said.
        server: viser's server, once it is open.
        url: the page's address.
        stage: the scene.
        folder: the run's folder.
        channels: by their registered names; those that this scene and method have.
        absent: labels of those that they have not, and why.
        panels: in the order in which they are shown.
    """

    def __init__(
        self, host: str = "127.0.0.1", port: int = 8080, edits: LiveEdits | None = None
    ) -> None:
        viser()  # missing is told before anything long begins
        self._host, self._port, self.edits = host, port, edits
        self.settings = Settings()
        self.trainer: Trainer | None = None
        self.step = 0
        self.config: Any = None
        self.server: Any = None
        self._calls = Calls(lambda text: self.notify("That did not work", text))
        self._onlookers: dict[int, Onlooker] = {}
        self._fitted: set[int] = set()
        self._credit = 0.0
        self._turn: Callable[[], None] | None = None
        self._left = self._looked = self._paints_from = time.perf_counter()

    # As a hook

    def begin(self, trainer: Trainer) -> None:
        """Opens the page."""
        self.trainer, self.step, self.config = trainer, trainer.step, trainer.config
        self.open(stage_of(trainer.pipeline, trainer.config), trainer.folder, True)
        self._left = time.perf_counter()

    def row(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Hands a row of the log to the panels."""
        for panel in self.panels:
            self._calls.at_once(panel.row, row)

    def after_step(self, trainer: Trainer) -> None:
        """Spends the viewer's share of the time, if somebody looks on; waits while training is paused."""
        now = time.perf_counter()
        self.step = trainer.step
        if self._cold:
            self._warm_up()
            self._cold = False
        if self._calls or self._onlookers:
            self._calls.run()
            self._wait_while_paused(trainer)
            share = self.settings.share
            earned = (now - self._left) * share / (1 - share)
            self._credit = min(self._credit + earned, max(earned, _SAVED_UP))
            self._paint(time.perf_counter())
        self._left = time.perf_counter()

    def _paint(self, start: float) -> None:
        onlookers = list(self._onlookers.values())
        urgent = any(one.moved or one.waiting for one in onlookers)
        seconds = max(self._credit, _URGENT if urgent else 0.0)
        if seconds > 0:
            self._spend(onlookers, seconds, refresh=True)
        self._look_around()
        self._credit -= time.perf_counter() - start

    def _spend(self, onlookers: list[Onlooker], seconds: float, refresh: bool) -> bool:
        """Has pictures made; where that fails, as a channel of one's own may, not again at once: training would pay."""
        if time.perf_counter() < self._paints_from:
            return False
        busy = self._calls.at_once(self.painter.spend, onlookers, seconds, refresh)
        if busy is None:
            self._paints_from = time.perf_counter() + _FAILED
        return bool(busy)

    def _wait_while_paused(self, trainer: Trainer) -> None:
        while self.settings.paused and not trainer.stopping():
            self._idle(refresh=False)
            if self.edits is not None:
                self.edits.after_step(trainer)

    def end(self, trainer: Trainer) -> None:
        """Nothing is trained any more: the page stays until ``close``, and can be served."""
        self.trainer = None
        self.settings.paused = False
        if self.server is not None:
            self._weights.close()
            self._weights = Weights(trainer.pipeline, False)

    # By itself

    def open(self, stage: Stage, folder: RunFolder, training: bool) -> None:
        """Opens the server and builds the page.

        Args:
            stage: the scene.
            folder: the run's folder; need not exist.
            training: whether the field is being trained.

        Raises:
            JnerfError: viser is missing, or no port is free.
        """
        self.stage, self.folder = stage, folder
        CHANNELS.load()
        every = {name: CHANNELS.get(name)() for name in CHANNELS.names()}
        lacking = {name: channel.lacking(stage) for name, channel in every.items()}
        self.channels: dict[str, Channel] = {
            name: channel for name, channel in every.items() if lacking[name] is None
        }
        there = {channel.label for channel in self.channels.values()}
        self.absent = {
            every[name].label: why
            for name, why in lacking.items()
            if why is not None and every[name].label not in there
        }
        if stage.gone:
            self.absent["cameras"] = stage.gone
        self.settings.averaged = not training and stage.pipeline.ema is not None
        self._weights = Weights(stage.pipeline, training)
        self.painter = Painter(
            stage, self.settings, self.channels, lambda: self._weights.shown(self.settings.averaged)
        )
        self.server, self.url = open_server(self._host, self._port)
        self._dress()
        self.panels: list[Panel] = build_panels(self)
        self._cold = training  # samplers have no samples before the first step
        if not training:
            self._warm_up()
        self.server.on_client_connect(lambda client: self.call(self._enter, client))
        self.server.on_client_disconnect(lambda client: self.call(self._leave, client))
        print(f"viewer: {self.url}")

    def _dress(self) -> None:
        server, stage = self.server, self.stage
        server.gui.configure_theme(
            dark_mode=True, show_logo=False, show_share_button=False, control_width="large"
        )
        server.gui.set_panel_label(f"jnerf: {self.folder.root.name}")
        server.scene.set_up_direction(tuple(stage.up))
        pose, target, fov = stage.first_view()
        server.initial_camera.position = pose[:, 3]
        server.initial_camera.look_at = target
        server.initial_camera.up = tuple(stage.up)
        server.initial_camera.fov = fov
        server.initial_camera.near = 0.01 * stage.size
        server.initial_camera.far = 1e3 * stage.size

    def _warm_up(self) -> None:
        """Renders a handful of pixels, so that no kernel is compiled while somebody waits for a picture."""
        pose, _, fov = self.stage.first_view()
        nobody = Onlooker(lambda: Viewpoint(pose, fov, 16, 16), lambda rgb, depth: None)
        self._spend([nobody], 0.0, refresh=False)

    def serve(self, stop: Callable[[], bool]) -> None:
        """Serves the page until it is to stop; for a field that is not trained."""
        while not stop():
            self._idle(refresh=False)

    def stay(self) -> None:
        """Serves the page until Ctrl-C."""
        print("Ctrl-C ends the viewer")
        with StopSignal("ending the viewer") as stop:
            self.serve(stop)

    def _idle(self, refresh: bool) -> None:
        self._calls.run()
        busy = self._spend(list(self._onlookers.values()), 0.1, refresh)
        self._look_around()
        time.sleep(0.0005 if busy else 0.02)  # lets the server's thread answer

    def close(self) -> None:
        """Closes the page."""
        if self.server is not None:
            self._weights.close()
            with quiet():
                self.server.stop()
            self.server = None

    # For panels

    @property
    def onlookers(self) -> dict[int, Onlooker]:
        """Those who look on, by the number of their connection."""
        return self._onlookers

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Has a function called on the trainer's thread between two steps; from any thread."""
        self._calls.add(function, *arguments)

    def every_turn(self, function: Callable[[], None] | None) -> None:
        """Has a function called at each of the viewer's turns, as long as somebody looks on; None ends it."""
        self._turn = function

    def notify(self, title: str, text: str) -> None:
        """Tells all who look on."""
        print(f"viewer: {title}: {text}")
        for client in self.server.get_clients().values():
            client.add_notification(title, text, auto_close_seconds=15.0)

    def rendering(self) -> Any:
        """A context in which the field may be asked, by the weights that are shown."""
        return self._weights.shown(self.settings.averaged)

    def raw_weights(self) -> Any:
        """A context for what applies the averaged weights by itself."""
        return self._weights.raw()

    def go(
        self,
        client: Any,
        c2w: NDArray[np.floating],
        fov: float | None = None,
        target: NDArray[np.floating] | None = None,
    ) -> None:
        """Moves somebody's camera.

        Args:
            client: viser's.
            c2w: OpenGL pose [3, 4] in the page's frame.
            fov: vertical field of view, radians; None leaves it.
            target: what it turns about from then on, on its axis, [3]; None: as far away as before.
        """
        with client.atomic():
            if fov is not None:
                client.camera.fov = fov
            client.camera.position = np.asarray(c2w)[:, 3]
            client.camera.wxyz = quaternion_of(c2w)
            if target is not None:
                client.camera.look_at = target
        if client.client_id in self._onlookers:
            self._onlookers[client.client_id].moved = True

    def viewpoint(self, client: Any) -> Viewpoint | None:
        """Where somebody looks from, at the resolution that is set; None while their page has not said it."""
        camera = client.camera
        if not camera.image_width or not camera.image_height:
            return None
        scale = self.settings.resolution / max(camera.image_width, camera.image_height)
        width, height = (
            max(1, round(scale * pixels)) for pixels in (camera.image_width, camera.image_height)
        )
        return Viewpoint(pose_of(camera.wxyz, camera.position), float(camera.fov), width, height)

    # Those who look on

    def _enter(self, client: Any) -> None:
        def send(rgb: NDArray[np.uint8], depth: NDArray[np.float32] | None) -> None:
            quality = 90 if max(rgb.shape) >= self.settings.resolution else 75
            client.scene.set_background_image(rgb, "jpeg", jpeg_quality=quality, depth=depth)
            client.flush()

        if client.client_id not in self.server.get_clients():
            return  # gone again, which may have been told first
        onlooker = Onlooker(lambda: self._arrived(client), send)
        self._onlookers[client.client_id] = onlooker

        def moved(_: Any) -> None:
            onlooker.moved = True

        client.camera.on_update(moved)

    def _arrived(self, client: Any) -> Viewpoint | None:
        """The viewpoint of whoever looks on; of a picture all is shown first, which depends on the page's shape."""
        view = self.viewpoint(client)
        if view is None or not self.stage.flat or client.client_id in self._fitted:
            return view
        self._fitted.add(client.client_id)
        pose, target, fov = self.stage.over((0, 0, *self.stage.extent), view.width / view.height)
        self.go(client, pose, fov, target)
        return self.viewpoint(client)

    def _leave(self, client: Any) -> None:
        self._onlookers.pop(client.client_id, None)
        self._fitted.discard(client.client_id)
        if not self._onlookers:
            jt.gc()  # portions have many sizes; the pool would keep buffers of each

    def _look_around(self) -> None:
        now = time.perf_counter()
        if not self._onlookers:
            return
        if self._turn is not None:
            self._calls.add(self._turn)
            self._calls.run()
        if now - self._looked < _PANELS:
            return
        self._looked = now
        for panel in self.panels:
            self._calls.at_once(panel.refresh)
