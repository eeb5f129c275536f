"""A box outside of which the field is empty, in the picture only."""

from __future__ import annotations

from typing import Any

import numpy as np

from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS


@PANELS.register()
class CropPanel(Panel):
    """One slider with two ends for each axis of the field's box."""

    title, tab, order, open = "Crop box", "View", 10, False

    def lacking(self) -> str | None:
        """Not of pictures."""
        return "a picture has no third dimension" if self.viewer.stage.flat else None

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        low, high = self.viewer.stage.aabb.reshape(2, 3)
        self._on = gui.add_checkbox("crop", False)
        self.control("on", self._on, self._crop)
        self._ranges = []
        for axis, name in enumerate("xyz"):
            a, b = float(low[axis]), float(high[axis])
            ends = gui.add_multi_slider(
                name, min=a, max=b, step=(b - a) / 200, initial_value=(a, b)
            )
            self._ranges.append(self.control(name, ends, self._crop))
        self._box: Any = None

    def _crop(self, value: Any, client: Any) -> None:
        ends = np.array([handle.value for handle in self._ranges])
        box = (*ends[:, 0].tolist(), *ends[:, 1].tolist())
        self.viewer.settings.crop = box if self._on.value else None
        if self._box is not None:
            self._box.remove()
            self._box = None
        if self._on.value:
            self._box = outline(self.viewer, "/crop box", box, (255, 170, 60))


def outline(viewer: Any, name: str, box: Any, color: tuple[int, int, int]) -> Any:
    """Draws the edges of a box (lows, highs); returns viser's handle."""
    low, high = np.asarray(box, np.float64).reshape(2, 3)
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    edges = [(a, b) for a in range(8) for b in range(a) if abs(corners[a] - corners[b]).sum() == 1]
    points = low + corners[np.array(edges)] * (high - low)
    return viewer.server.scene.add_line_segments(
        name,
        points.astype(np.float32),
        np.array(color, np.uint8),
        thickness=2.0,
        thickness_units="screen",
    )
