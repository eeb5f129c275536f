"""What the picture shows, and how."""

from __future__ import annotations

from typing import Any

from jnerf.viewer.colormaps import COLORMAPS
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS


@PANELS.register()
class PicturePanel(Panel):
    """Channel, colour map, resolution, background, weights."""

    title, tab, order = "Picture", "View", 0

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        settings, channels = self.viewer.settings, self.viewer.channels
        self._names = {channel.label or name: name for name, channel in channels.items()}
        labels = sorted(self._names, key=lambda label: (label != "colour", label))
        channel = gui.add_dropdown("channel", labels, initial_value="colour")
        self.control("channel", channel, self._choose)
        self._note = gui.add_markdown("")
        if self.viewer.absent:
            lines = [f"- no {label}: {why}" for label, why in sorted(self.viewer.absent.items())]
            gui.add_markdown("\n".join(lines))
        colormap = gui.add_dropdown("colour map", list(COLORMAPS), initial_value=settings.colormap)
        self.control("colormap", colormap, self._setter("colormap"))
        resolution = gui.add_slider(
            "resolution",
            min=32,
            max=1600,
            step=32,
            initial_value=settings.resolution,
            hint="pixels of the longer side",
        )
        self.control("resolution", resolution, self._setter("resolution", int))
        background = gui.add_rgb("background", (0, 0, 0))
        self.control("background", background, self._set_background)
        depth = gui.add_checkbox(
            "hide what is behind",
            settings.depth,
            hint="cameras, boxes and meshes behind the field are hidden by it",
        )
        self.control("depth", depth, self._setter("depth", bool))
        if self.viewer.stage.pipeline.ema is not None:
            hint = "the weights that evaluation uses; costs a copy of all weights per portion while training"
            averaged = gui.add_checkbox("averaged weights", settings.averaged, hint=hint)
            self.control("averaged", averaged, self._setter("averaged", bool))

    def refresh(self) -> None:
        """Shows the channel's note on what was seen last."""
        notes = [one.note for one in self.viewer.onlookers.values() if one.note]
        text = notes[-1] if notes else ""
        if text != self._note.content:
            self._note.content = text

    def _choose(self, label: str, client: Any) -> None:
        self.viewer.settings.channel = self._names[label]

    def _set_background(self, rgb: tuple[int, int, int], client: Any) -> None:
        self.viewer.settings.background = tuple(value / 255 for value in rgb)

    def _setter(self, name: str, kind: type = str) -> Any:
        return lambda value, client: setattr(self.viewer.settings, name, kind(value))
