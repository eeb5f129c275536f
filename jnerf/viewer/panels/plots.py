"""Curves of a run: loss, and the metrics of training batches and test views."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jnerf.engine.logging import metrics_of, read_log
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS

#: Most points of a curve that are sent to the page.
_MOST = 500
_EMPTY = (np.array([0.0]), np.array([0.0]))


@PANELS.register()
class PlotsPanel(Panel):
    """Loss and PSNR by step."""

    title, tab, order = "Curves", "Train", 20

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self._curves: dict[str, list[tuple[float, float]]] = {
            "loss": [],
            "psnr": [],
            "test psnr": [],
        }
        self._new = True

    def build(self, gui: Any) -> None:
        """See ``Panel``; draws what the log of an earlier session has."""
        if self.viewer.folder.log.is_file():
            for row in read_log(self.viewer.folder.log):
                self.row(row)
        colors = {"loss": "#e07050", "psnr": "#50a0e0", "test psnr": "#60c060"}
        self._plots = {
            name: gui.add_uplot(
                _EMPTY,
                ({"label": "step"}, {"label": name, "stroke": color, "width": 2}),
                scales={"x": {"time": False}} | ({"y": {"distr": 3}} if name == "loss" else {}),
                title=name,
                aspect=2.0,
                visible=False,
            )
            for name, color in colors.items()
        }
        self.refresh()

    def row(self, row: dict[str, Any]) -> None:
        """Takes in a row of the log."""
        found = {"loss": row.get("loss"), "psnr": metrics_of(row).get("psnr")}
        found["test psnr"] = (row.get("eval") or {}).get("psnr")
        for name, value in found.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                if name != "loss" or value > 0:
                    self._curves[name].append((row["step"], float(value)))
                    self._new = True

    def refresh(self) -> None:
        """Draws what is new."""
        if not self._new:
            return
        self._new = False
        for name, points in self._curves.items():
            if len(points) > 1:
                every = -(-len(points) // _MOST)
                shown = np.array(points[::-1][::every][::-1])  # the last is always among them
                self._plots[name].data = shown[:, 0].copy(), shown[:, 1].copy()
                self._plots[name].visible = True
