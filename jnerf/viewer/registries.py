"""Two registries beside the seven families: what a panel of the page is, and what a channel of its picture is.

A user's own is one file, named by the config's ``custom_imports`` or by ``jnerf view --import FILE``.
"""

from __future__ import annotations

from jnerf.registry import Registry

_OURS: dict[str, Registry] = {}

PANELS = Registry("panel", "jnerf.viewer.panels", _OURS, "jnerf.viewer.panels.base:Panel")
CHANNELS = Registry("channel", "jnerf.viewer.channels", _OURS, "jnerf.viewer.channels.base:Channel")
