"""Things that are drawn together with the field: its box, occupied cells, a mesh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jnerf.errors import DataError
from jnerf.mesh.libraries import library
from jnerf.viewer.occupied import CellGrid, occupied_grids
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.panels.crop import outline
from jnerf.viewer.registries import PANELS

#: Most boxes that are drawn; cells are put together until there are no more.
_MOST = 4096


@PANELS.register()
class ObjectsPanel(Panel):
    """Boxes and meshes; the field hides what is behind it, and they hide the field."""

    title, tab, order = "Boxes and meshes", "Scene", 10

    def lacking(self) -> str | None:
        """Not of pictures."""
        return "nothing is drawn together with a picture" if self.viewer.stage.flat else None

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        self._drawn: dict[str, Any] = {}
        self.control("box", gui.add_checkbox("the field's box", False), self._box)
        if self.viewer.stage.pipeline.sampler.occupied_cells is not None:
            hint = f"as they are now; at most {_MOST} boxes, small ones put together"
            cells = gui.add_checkbox("occupied cells", False, hint=hint)
            self.control("cells", cells, self._cells)
        if self.viewer.stage.space is None:  # no mesh lies in NDC
            mesh = self.viewer.folder.root / "mesh" / "mesh.ply"
            self._file = gui.add_text("mesh file", str(mesh), hint="ply, obj, glb ..., world units")
            self.control("file", self._file)
            self._mesh_on = self.control("mesh", gui.add_checkbox("mesh", False), self._mesh)

    def show_mesh(self, file: Path) -> None:
        """Draws a mesh that has just been made."""
        self._file.value, self._mesh_on.value = str(file), True
        self._mesh(True, None)

    def _clear(self, name: str) -> None:
        handle = self._drawn.pop(name, None)
        if handle is not None:
            handle.remove()

    def _box(self, on: bool, client: Any) -> None:
        self._clear("box")
        if on:
            self._drawn["box"] = outline(
                self.viewer, "/field box", self.viewer.stage.aabb, (120, 220, 120)
            )

    def _cells(self, on: bool, client: Any) -> None:
        self._clear("cells")
        grids = few(occupied_grids(self.viewer.stage.pipeline.sampler)) if on else []
        if not grids:
            return
        stage, parts, first = self.viewer.stage, [grid.surface() for grid in grids], 0
        faces = []
        for vertices, triangles in parts:
            faces.append(triangles + first)
            first += len(vertices)
        vertices = np.concatenate([part[0] for part in parts])
        if stage.space is not None:
            vertices = stage.space.unproject(np.minimum(vertices, 0.99))
        self._drawn["cells"] = self.viewer.server.scene.add_mesh_simple(
            "/occupied cells",
            vertices.astype(np.float32),
            np.concatenate(faces).astype(np.uint32),
            color=(90, 200, 160),
            opacity=0.6,
            flat_shading=True,
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )

    def _mesh(self, on: bool, client: Any) -> None:
        self._clear("mesh")
        if not on:
            return
        path = Path(self._file.value).expanduser()
        if not path.is_file():
            self._mesh_on.value = False
            raise DataError(f"no mesh {path}: make one with jnerf mesh, or in the tab Files")
        try:
            mesh = library("trimesh").load(path, force="mesh", process=False)
        except Exception as error:  # of any of its many readers
            self._mesh_on.value = False
            raise DataError(f"{path} cannot be read as a mesh: {error}") from error
        mesh.vertices = self.viewer.stage.transform.points(mesh.vertices)
        self._drawn["mesh"] = self.viewer.server.scene.add_mesh_trimesh("/mesh", mesh)


def few(grids: list[CellGrid]) -> list[CellGrid]:
    """Grids with so few cells that they can be drawn: those of the finest are put together first."""
    grids = list(grids)
    while sum(int(grid.occupied.sum()) for grid in grids) > _MOST:
        finest = max(range(len(grids)), key=lambda i: int(grids[i].occupied.sum()))
        grids[finest] = grids[finest].coarser()
    return grids
