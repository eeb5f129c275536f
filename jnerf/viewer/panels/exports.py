"""What ``jnerf export`` writes, of the field as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jnerf.engine.guards.rules import Use
from jnerf.engine.trained import TrainedRun
from jnerf.errors import JnerfError
from jnerf.export.points import PointOptions
from jnerf.export.run import (
    Place,
    export_cameras,
    export_occupancy,
    export_points,
    export_slices,
)
from jnerf.export.slices import SliceOptions
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.panels.files import unused
from jnerf.viewer.registries import PANELS

if TYPE_CHECKING:
    from jnerf.viewer.viewer import Viewer

#: Points along the longer side of a slice, and slices: few, since training waits.
_SLICE, _SLICES = 256, 8


class LivePlace(Place):
    """The run that is shown instead of one that is opened.

    Args:
        viewer: the page.
        outputs: files to write, that are not there yet.
    """

    def __init__(self, viewer: Viewer, outputs: list[Path]) -> None:
        super().__init__(viewer.config, outputs=outputs)
        self._viewer = viewer

    @contextmanager
    def opened(self, use: Use = "export") -> Iterator[TrainedRun]:
        """See ``Place``; whatever was set for training is so again behind it."""
        viewer, pipeline = self._viewer, self._viewer.stage.pipeline
        found = TrainedRun(pipeline, viewer.folder, viewer.step, viewer.stage.transform)
        with viewer.raw_weights():
            pipeline.network.eval()
            if pipeline.ema is None:
                yield found
            else:
                with pipeline.ema.applied():
                    yield found


@PANELS.register()
class DataPanel(Panel):
    """Points, cameras, slices and the occupied cells, in world units, by the averaged weights."""

    title, tab, order = "Export data", "Files", 20

    def lacking(self) -> str | None:
        """Neither a picture nor a field in NDC has a place in the world."""
        if self.viewer.stage.flat:
            return "the field is a picture"
        return None if self.viewer.stage.space is None else "the field is in NDC"

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        hint = "training waits; jnerf export does the same, with more to choose"
        self._count = gui.add_number("how many points", 100_000, min=1, max=10_000_000, step=1)
        self.control("count", self._count)
        self._button(gui, "points", hint, self._points)
        self._axis = self.control("axis", gui.add_dropdown("slices across", ["x", "y", "z"]))
        self._button(gui, "slices", hint, self._slices)
        if self.viewer.stage.splits and self.viewer.config is not None:
            self._button(gui, "cameras", "transforms.json, and pyramids to look at", self._cameras)
        if self.viewer.stage.pipeline.sampler.occupied_cells is not None:
            self._button(gui, "occupancy", "the occupied cells", self._occupancy)
        self._said = gui.add_markdown("")

    def _button(self, gui: Any, name: str, hint: str, export: Callable[[], list[Path]]) -> None:
        def act(value: Any, client: Any) -> None:
            try:
                files = export()
            except (JnerfError, OSError) as error:
                self._said.content = f"no {name}: {error}"
                raise
            self._said.content = "\n".join(f"- `{path}`" for path in files)

        self.control(name, gui.add_button(f"Export {name}", hint=hint), act)

    def _points(self) -> list[Path]:
        options = PointOptions(count=int(self._count.value))
        return export_points(self._place(self._new("points", ".ply")), options)

    def _slices(self) -> list[Path]:
        folder = self._new("slices", "")
        options = SliceOptions(str(self._axis.value), count=_SLICES, resolution=_SLICE)
        colors = ["color"] if "rgbs" in self.viewer.stage.pipeline.network.provides else []
        export_slices(self._place(folder), options, ["value", *colors])
        return [folder]

    def _cameras(self) -> list[Path]:
        splits = self.viewer.stage.splits
        folder = unused(self.viewer.folder.root / "export", "cameras", "")
        files = folder / "transforms.json", folder / "cameras.ply"
        made = any(dataset.images.paths is None for dataset in splits.values())
        return export_cameras(self._place(*files), list(splits), images=made)

    def _occupancy(self) -> list[Path]:
        files = [self._new("occupancy", suffix) for suffix in (".npz", ".ply")]
        return export_occupancy(self._place(*files))

    def _place(self, *outputs: Path) -> LivePlace:
        return LivePlace(self.viewer, list(outputs))

    def _new(self, what: str, suffix: str) -> Path:
        folder = self.viewer.folder.root / "export"
        return unused(folder, f"step_{self.viewer.step:08d}_{what}", suffix)
