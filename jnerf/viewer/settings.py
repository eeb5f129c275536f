"""What people set on the page."""

from __future__ import annotations

from dataclasses import dataclass

Color = tuple[float, float, float]


@dataclass
class Settings:
    """One for all who look on.

    Attributes:
        channel: name of the registered channel that is shown.
        colormap: name of the map of channels that are one number; see ``jnerf.viewer.colormaps``.
        resolution: pixels of the longer side of the picture.
        share: of the time that rendering may take while a field is trained and somebody looks on, in [0, 1).
        background: what is behind the field, RGB in [0, 1].
        crop: a box of the field outside of which it is empty in the picture, (lows, highs), field units, 6 numbers;
            None for all of it.
        averaged: show the averaged weights, which evaluation uses, where there are some.
        depth: send depths too, so that boxes, cameras and meshes hide behind the field.
        paused: no training step is made.
        speed: of a flight along the camera path, as a factor.
    """

    channel: str = "ColorChannel"
    colormap: str = "turbo"
    resolution: int = 512
    share: float = 0.3
    background: Color = (0.0, 0.0, 0.0)
    crop: tuple[float, ...] | None = None
    averaged: bool = False
    depth: bool = True
    paused: bool = False
    speed: float = 1.0

    def look(self) -> tuple[object, ...]:
        """What a picture depends on: when it changes, rendering begins anew."""
        return self.channel, self.resolution, self.crop, self.averaged

    def paint(self) -> tuple[object, ...]:
        """What a picture depends on that needs no rendering."""
        return self.colormap, self.background, self.depth
