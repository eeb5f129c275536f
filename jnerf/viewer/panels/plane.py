"""Which part of a picture is seen."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from jnerf.errors import DataError
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS


@PANELS.register()
class PlanePanel(Panel):
    """The window of a picture: what is below the camera, in pixels, as ``jnerf render --window`` takes it."""

    title, tab, order = "Window", "View", 5

    def lacking(self) -> str | None:
        """Only of pictures."""
        return None if self.viewer.stage.flat else "the scene has three dimensions"

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self.control("all", gui.add_button("All of it"), self._all)
        hint = "one pixel of the page's picture for each pixel of the picture that was learnt"
        self.control("pixels", gui.add_button("Pixel for pixel", hint=hint), self._pixels)
        self.control("straight", gui.add_button("Straight down"), self._straight)
        for name, label, factor in (("nearer", "Nearer", 0.5), ("farther", "Farther", 2.0)):
            self.control(name, gui.add_button(label), self._zoom(factor))
        whole = _said((0, 0, *self.viewer.stage.extent))
        self._window = gui.add_text("window", whole, hint="left, top, right, bottom")
        self.control("window", self._window, self._set)

    def refresh(self) -> None:
        """Says what the one who looks on sees; of several, who came first."""
        for onlooker in self.viewer.onlookers.values():
            if onlooker.view is not None:
                text = _said(self.viewer.stage.window(onlooker.view))
                if text != self._window.value and not onlooker.moved:
                    self._window.value = text
                return

    def _all(self, value: Any, client: Any) -> None:
        self._go(client, (0, 0, *self.viewer.stage.extent))

    def _pixels(self, value: Any, client: Any) -> None:
        view = self.viewer.viewpoint(client)
        self._about(client, np.array([view.width, view.height]))

    def _straight(self, value: Any, client: Any) -> None:
        self._zoom(1.0)(value, client)

    def _zoom(self, factor: float) -> Any:
        def act(value: Any, client: Any) -> None:
            window = self.viewer.stage.window(self.viewer.viewpoint(client))
            self._about(client, factor * (window[2:] - window[:2]))

        return act

    def _about(self, client: Any, edges: Any) -> None:
        """Shows a window of this size about the same middle."""
        window = self.viewer.stage.window(self.viewer.viewpoint(client))
        middle = 0.5 * (window[:2] + window[2:])
        self._go(client, (*(middle - 0.5 * edges), *(middle + 0.5 * edges)), margin=False)

    def _set(self, text: str, client: Any) -> None:
        words = re.split(r"[,\s]+", text.strip())
        try:
            window = tuple(float(word) for word in words)
        except ValueError:
            window = ()
        if len(window) != 4 or not np.isfinite(window).all():
            raise DataError(f"the window is {text!r}; it must be left, top, right, bottom")
        if not (window[0] < window[2] and window[1] < window[3]):
            raise DataError(
                f"the window is {text!r}: left must be less than right and top less than bottom"
            )
        self._go(client, window, margin=False)

    def _go(self, client: Any, window: Any, margin: bool = True) -> None:
        view = self.viewer.viewpoint(client)
        pose, target, fov = self.viewer.stage.over(window, view.width / view.height, margin)
        self.viewer.go(client, pose, fov, target)


def _said(window: Any) -> str:
    return ", ".join(f"{number:.6g}" for number in np.round(window, 2))
