"""A panel and a channel of one's own for the viewer; ``custom_imports`` or ``jnerf view --import`` name the file."""

from __future__ import annotations

from typing import Any

import numpy as np

from jnerf.engine.pipeline.field import FrozenField
from jnerf.engine.rendering.image import render_chunk
from jnerf.viewer.channels.base import Channel, Shown
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import CHANNELS, PANELS


@CHANNELS.register()
class SamplesChannel(Channel):
    """How many samples a ray takes; 64 is the end of the colour map."""

    label = "samples"

    def measure(self, stage: Any, pipeline: Any, rays: Any) -> dict[str, np.ndarray]:
        samples = pipeline.sampler(rays, FrozenField(pipeline.network), None)
        return {"samples": samples.packed_info.numpy()[:, 1].astype(np.float32)}

    def picture(self, shown: Shown) -> np.ndarray:
        return shown.measured("samples") / 64


@PANELS.register()
class MiddlePanel(Panel):
    """A button that looks at the middle of the scene, and how opaque the ray there is."""

    title, tab = "Middle", "Mine"

    def build(self, gui: Any) -> None:
        self.control("look", gui.add_button("Look at the middle"), self.look)
        self.said = gui.add_markdown("")

    def look(self, value: bool, client: Any) -> None:
        stage = self.viewer.stage
        client.camera.look_at = 0.5 * (stage.aabb[:3] + stage.aabb[3:])
        view = self.viewer.viewpoint(client)
        cameras, middle = stage.cameras_of(view), np.int32([view.width // 2, view.height // 2])
        with self.viewer.rendering():
            rays = stage.bundle(cameras, middle[:1], middle[1:])
            render, _ = render_chunk(stage.pipeline, rays)
            self.said.content = f"opacity {float(render.opacities.numpy()[0, 0]):.3f}"
