"""Training and test cameras with their images; click one to look through it."""

from __future__ import annotations

from collections import deque
from typing import Any

import cv2
import numpy as np

from jnerf.errors import JnerfError
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS
from jnerf.viewer.viewpoint import quaternion_of

#: Most cameras that are drawn of a split, evenly spaced, and pixels of the longer side of their images.
_MOST, _THUMBNAIL = 60, 96
_COLORS = {"train": (90, 160, 255), "test": (255, 150, 60)}


@PANELS.register()
class CamerasPanel(Panel):
    """The cameras of each split as frusta."""

    title, tab, order = "Cameras", "Scene", 0

    def lacking(self) -> str | None:
        """Only of scenes with cameras."""
        return None if self.viewer.stage.splits else "the scene has no cameras here"

    def build(self, gui: Any) -> None:
        """See ``Panel``; images come later, one at a time."""
        splits = self.viewer.stage.splits
        self._frusta: dict[str, dict[int, Any]] = {split: {} for split in splits}
        self._bare: deque[tuple[str, int]] = deque()
        self._show, self._images = {}, True
        for split in splits:
            shown = gui.add_checkbox(f"{split} cameras", split == "train")
            self._show[split] = self.control(f"show_{split}", shown, self._toggle)
        images = gui.add_checkbox("their images", True)
        self.control("images", images, self._toggle_images)
        size = gui.add_slider("size", min=0.1, max=3.0, step=0.1, initial_value=1.0)
        self._size = self.control("size", size, self._resize)
        self._split = gui.add_dropdown("split", list(splits))
        self.control("split", self._split)
        most = max(dataset.n_images for dataset in splits.values())
        self._number = gui.add_number("image", 0, min=0, max=max(most - 1, 0), step=1)
        self.control("number", self._number)
        self.control("go", gui.add_button("Look through it"), self._go)
        for split in splits:
            self._draw(split)

    def refresh(self) -> None:
        """Gives one more camera its image."""
        if self._bare and self._images:
            split, i = self._bare.popleft()
            handle = self._frusta[split].get(i)
            if handle is not None:
                handle.image = self._thumbnail(split, i)

    def _draw(self, split: str) -> None:
        for handle in self._frusta[split].values():
            handle.remove()
        self._frusta[split] = {}
        if not self._show[split].value:
            return
        cameras = self.viewer.stage.splits[split].cameras
        n = len(cameras)
        for i in np.unique(np.linspace(0, n - 1, min(n, _MOST)).round().astype(int)).tolist():
            pose = cameras.c2w[i].astype(np.float64)
            handle = self.viewer.server.scene.add_camera_frustum(
                f"/cameras/{split}/{i}",
                fov=self.viewer.stage.fov_of(split, i),
                aspect=float(cameras.sizes[i, 0] / cameras.sizes[i, 1]),
                scale=self._scale(),
                thickness=1.5,
                thickness_units="screen",
                color=_COLORS[split],
                wxyz=quaternion_of(pose),
                position=pose[:, 3],
                cast_shadow=False,
                receive_shadow=False,
            )
            handle.on_click(self._clicked(split, i))
            self._frusta[split][i] = handle
            self._bare.append((split, i))

    def _clicked(self, split: str, i: int) -> Any:
        return lambda event: self.viewer.call(self._look_through, split, i, event.client)

    def _scale(self) -> float:
        return 0.08 * float(self._size.value) * self.viewer.stage.size

    def _thumbnail(self, split: str, i: int) -> Any:
        try:
            rgba = self.viewer.stage.splits[split].view(i).rgba()
        except (JnerfError, OSError, ValueError) as error:
            self.viewer.notify("An image cannot be read", str(error))
            return None
        scale = _THUMBNAIL / max(rgba.shape[:2])
        size = max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale))
        small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
        alpha = small[..., 3:] / np.float32(255)
        return (small[..., :3] * alpha).astype(np.uint8)

    def _toggle(self, value: Any, client: Any) -> None:
        self._bare.clear()
        for split in self._frusta:
            self._draw(split)

    def _toggle_images(self, value: bool, client: Any) -> None:
        self._images = bool(value)
        self._toggle(value, client)

    def _resize(self, value: float, client: Any) -> None:
        for frusta in self._frusta.values():
            for handle in frusta.values():
                handle.scale = self._scale()

    def _go(self, value: Any, client: Any) -> None:
        split = self._split.value
        last = self.viewer.stage.splits[split].n_images - 1
        self._look_through(split, min(int(self._number.value), last), client)

    def _look_through(self, split: str, i: int, client: Any) -> None:
        stage = self.viewer.stage
        pose = stage.splits[split].cameras.c2w[i].astype(np.float64)
        self.viewer.go(client, pose, stage.fov_of(split, i))
