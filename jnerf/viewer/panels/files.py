"""Screenshots and exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jnerf.imaging.pictures import write_png
from jnerf.mesh.extract import MeshOptions, extract_mesh
from jnerf.mesh.files import write_mesh
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.panels.objects import ObjectsPanel
from jnerf.viewer.registries import PANELS

#: Seconds to wait for a page that is asked for its picture.
_PATIENCE = 20.0


@PANELS.register()
class FilesPanel(Panel):
    """Writes what is seen into the run's folder; nothing is written over."""

    title, tab, order = "Screenshots", "Files", 0

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        hint = "the field alone, with the pixels that are set, as far as it is rendered"
        self.control("field", gui.add_button("The field", hint=hint), self._field)
        page = gui.add_button(
            "The page", hint="with cameras, boxes and meshes, as large as the window"
        )
        page.on_click(self._page)
        self.controls["page"] = page
        self._said = gui.add_markdown("")

    def _field(self, value: Any, client: Any) -> None:
        onlooker = self.viewer.onlookers.get(client.client_id)
        if onlooker is None or onlooker.waiting:
            self._said.content = "there is no picture yet"
            return
        painter = self.viewer.painter
        picture = painter.picture(painter.shown(onlooker))
        self._write(picture, self.viewer.channels[self.viewer.settings.channel].label)

    def _page(self, event: Any) -> None:
        """On the server's thread, since the page is waited for."""
        client = event.client
        try:
            size = client.camera.image_height, client.camera.image_width
            picture = client.get_render(*size, transport_format="png", timeout=_PATIENCE)
        except (RuntimeError, TimeoutError) as error:
            self.viewer.call(self.viewer.notify, "No screenshot", str(error))
            return
        self.viewer.call(self._write, picture[..., :3], "page")

    def _write(self, picture: Any, name: str) -> None:
        folder = self.viewer.folder.root / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        step = self.viewer.step
        path = unused(folder, f"step_{step:08d}_{name.replace(' ', '_')}", ".png")
        write_png(path, picture)
        self._said.content = f"`{path}`"


@PANELS.register()
class ExportPanel(Panel):
    """A mesh of the field."""

    title, tab, order = "Export", "Files", 10

    def lacking(self) -> str | None:
        """Neither a picture nor a field in NDC has a place in the world."""
        if self.viewer.stage.flat:
            return "the field is a picture"
        return None if self.viewer.stage.space is None else "the field is in NDC"

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self._resolution = gui.add_slider(
            "points a side", min=32, max=512, step=32, initial_value=128
        )
        self.control("resolution", self._resolution)
        hint = "training waits for it; jnerf mesh does the same, with more to choose"
        self.control("mesh", gui.add_button("Make a mesh", hint=hint), self._mesh)
        self._said = gui.add_markdown("")

    def _mesh(self, value: Any, client: Any) -> None:
        options = MeshOptions(resolution=int(self._resolution.value))
        with self.viewer.raw_weights():
            mesh = extract_mesh(self.viewer.stage.pipeline, options, progress=False)
        folder = self.viewer.folder.root / "mesh"
        folder.mkdir(parents=True, exist_ok=True)
        path = unused(folder, f"step_{self.viewer.step:08d}", ".ply")
        write_mesh(mesh, path)
        self._said.content = f"{len(mesh.faces)} faces: `{path}`"
        for panel in self.viewer.panels:
            if isinstance(panel, ObjectsPanel):
                panel.show_mesh(path)


def unused(folder: Path, stem: str, suffix: str) -> Path:
    """A path in a folder that nothing has yet: the stem, with a number behind it if need be."""
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}_{number}{suffix}"
    return path
