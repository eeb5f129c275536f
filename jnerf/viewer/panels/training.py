"""How training goes, and what stops it."""

from __future__ import annotations

from typing import Any

from jnerf.engine.logging import metrics_of
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS


@PANELS.register()
class TrainingPanel(Panel):
    """Where training is; pause, stop, and how much of the time the picture may take."""

    title, tab, order = "Training", "Train", 0

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer)
        self._last: dict[str, Any] = {}

    def lacking(self) -> str | None:
        """Only of a run that trains."""
        return None if self.viewer.trainer is not None else "nothing is trained"

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self._status = gui.add_markdown("starting")
        self._bar = gui.add_progress_bar(0.0)
        self._pause = self.control("pause", gui.add_button("Pause"), self._toggle)
        stop = gui.add_button("Stop and save", color="red")
        self.control("stop", stop, lambda value, client: self._stop())
        share = gui.add_slider(
            "picture's share",
            min=0.0,
            max=0.9,
            step=0.05,
            initial_value=self.viewer.settings.share,
            hint="of the time, while somebody looks on; training has the rest",
        )
        self.control("share", share, self._set_share)

    def row(self, row: dict[str, Any]) -> None:
        """Keeps the last training row."""
        if "loss" in row:
            self._last = row

    def refresh(self) -> None:
        """Shows where training is."""
        trainer = self.viewer.trainer
        if trainer is None:
            text, done = "**done**", 100.0
        else:
            paused = "  **paused**" if self.viewer.settings.paused else ""
            metrics = {"loss": self._last.get("loss"), **metrics_of(self._last)}
            shown = ", ".join(
                f"{k} {v:.4g}" for k, v in metrics.items() if isinstance(v, (int, float))
            )
            text = f"step {trainer.step} of {trainer.total_steps}{paused}  \n{shown}"
            done = 100.0 * trainer.step / max(trainer.total_steps, 1)
        self._status.content = text
        self._bar.value = done

    def _toggle(self, value: Any, client: Any) -> None:
        settings = self.viewer.settings
        settings.paused = not settings.paused and self.viewer.trainer is not None
        self._pause.label = "Go on" if settings.paused else "Pause"

    def _stop(self) -> None:
        if self.viewer.trainer is not None:
            self.viewer.trainer.request_stop()

    def _set_share(self, value: float, client: Any) -> None:
        self.viewer.settings.share = min(max(float(value), 0.0), 0.95)
