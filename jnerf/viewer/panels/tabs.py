"""Builds the page: all registered panels, in their tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS

if TYPE_CHECKING:
    from jnerf.viewer.viewer import Viewer

#: Tabs in their order; others come after them.
TABS = ("View", "Train", "Scene", "Film", "Files")


def build_panels(viewer: Viewer) -> list[Panel]:
    """Makes every panel that has a place on this page, and its controls."""
    PANELS.load()
    panels = [PANELS.get(name)(viewer) for name in PANELS.names()]
    panels = [panel for panel in panels if panel.lacking() is None]
    panels.sort(key=lambda panel: (_place(panel.tab), panel.order, panel.title))
    gui = viewer.server.gui
    group, tabs = gui.add_tab_group(), {}
    for panel in panels:
        if panel.tab not in tabs:
            tabs[panel.tab] = group.add_tab(panel.tab)
        with tabs[panel.tab], gui.add_folder(panel.title, expand_by_default=panel.open):
            panel.build(gui)
    return panels


def _place(tab: str) -> tuple[int, str]:
    return (TABS.index(tab), tab) if tab in TABS else (len(TABS), tab)


def every_control(panels: list[Panel]) -> dict[str, Any]:
    """All that people can act on, as "PanelClass.control"."""
    return {
        f"{type(panel).__name__}.{name}": handle
        for panel in panels
        for name, handle in panel.controls.items()
    }
