"""A panel and a channel from a file outside of the package."""

from pathlib import Path

import numpy as np
import pytest
from page_client import serve_until

from jnerf.config.check import check
from jnerf.errors import ConfigError
from jnerf.viewer.channels.base import Channel
from jnerf.viewer.panels.tabs import every_control
from jnerf.viewer.registries import CHANNELS, PANELS

OWN = Path(__file__).resolve().parents[1] / "zoo" / "user" / "viewing.py"


@pytest.fixture
def own(trained, opened):
    """A page with the user's panel and channel, which are gone afterwards."""
    config = trained[0].copy()
    config.custom_imports = [str(OWN)]
    check(config)
    yield opened()
    for registry, name in ((CHANNELS, "SamplesChannel"), (PANELS, "MiddlePanel")):
        registry._classes.pop(name)
    import sys

    for name in [name for name in sys.modules if name.startswith("jnerf_custom_viewing")]:
        del sys.modules[name]


def test_they_are_on_the_page_and_act(own):
    viewer, client = own
    controls = every_control(viewer.panels)
    serve_until(viewer, lambda: client.pictures and client.pictures[-1].shape[0] == 48)
    before, n = client.pictures[-1], len(client.pictures)
    client.set(controls["PicturePanel.channel"], "samples")
    serve_until(viewer, lambda: len(client.pictures) > n and client.pictures[-1].shape[0] == 48)
    assert np.abs(client.pictures[-1].astype(int) - before).mean() > 5
    panel = next(panel for panel in viewer.panels if type(panel).__name__ == "MiddlePanel")
    client.set(controls["MiddlePanel.look"], True)
    serve_until(viewer, lambda: panel.said.content.startswith("opacity "))


def test_a_class_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match="Write: from jnerf.viewer.channels.base import Channel"):
        CHANNELS.register()(type("NoChannel", (), {}))
    with pytest.raises(ConfigError, match="from jnerf.viewer.panels.base import Panel"):
        PANELS.register()(type("NoPanel", (Channel,), {}))
