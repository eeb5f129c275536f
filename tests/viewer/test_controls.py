"""Every control of the page acts: each is used as a person would, and something is another than before."""

import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from page_client import MIDDLE, serve_until

from jnerf.config.block import Config
from jnerf.engine.guards import same_run
from jnerf.engine.live.changes import Outcome
from jnerf.engine.rendering.paths.files import load_path
from jnerf.viewer.panels.tabs import every_control
from jnerf.viewer.panels.tune import TunePanel

#: A value for each control that is no button.
VALUES = {
    "PicturePanel.channel": "depth",
    "PicturePanel.colormap": "gray",
    "PicturePanel.resolution": 96,
    "PicturePanel.background": [255, 0, 0],
    "PicturePanel.depth": False,
    "PicturePanel.averaged": False,
    "CropPanel.on": True,
    "CropPanel.x": [0.3, 0.6],
    "CropPanel.y": [0.3, 0.6],
    "CropPanel.z": [0.3, 0.6],
    "CamerasPanel.show_train": False,
    "CamerasPanel.show_test": True,
    "CamerasPanel.images": False,
    "CamerasPanel.size": 2.0,
    "CamerasPanel.split": "test",
    "CamerasPanel.number": 1,
    "ObjectsPanel.box": True,
    "ObjectsPanel.cells": True,
    "ObjectsPanel.file": "made",
    "ObjectsPanel.mesh": True,
    "PathPanel.number": 1,
    "PathPanel.seconds": 2.0,
    "PathPanel.time": 0.25,
    "PathPanel.loop": True,
    "PathPanel.speed": 3.0,
    "PathPanel.file": "given",
    "ExportPanel.resolution": 32,
    "DataPanel.count": 500,
    "DataPanel.axis": "y",
}
#: In an order in which each has something to act on.
ORDER = (
    "PicturePanel.resolution PicturePanel.channel PicturePanel.colormap PicturePanel.background PicturePanel.depth "
    "PicturePanel.averaged CropPanel.on CropPanel.x CropPanel.y CropPanel.z CamerasPanel.size CamerasPanel.images "
    "CamerasPanel.show_test CamerasPanel.show_train CamerasPanel.split CamerasPanel.number CamerasPanel.go "
    "ObjectsPanel.box ObjectsPanel.cells ExportPanel.resolution ExportPanel.mesh ObjectsPanel.file ObjectsPanel.mesh "
    "FilesPanel.field PathPanel.add PathPanel.replace PathPanel.number PathPanel.seconds PathPanel.loop "
    "PathPanel.time PathPanel.even "
    "PathPanel.speed PathPanel.file PathPanel.save PathPanel.go PathPanel.play PathPanel.delete PathPanel.load "
    "PathPanel.clear DataPanel.count DataPanel.axis DataPanel.points DataPanel.slices DataPanel.cameras "
    "DataPanel.occupancy"
).split()
#: Whose value is only read when a button needs it.
PASSIVE = (
    "CamerasPanel.split CamerasPanel.number ObjectsPanel.file ExportPanel.resolution PathPanel.number PathPanel.file "
    "DataPanel.count DataPanel.axis"
).split()
#: Asks a browser; see test_browser.py.
BROWSERS = {"FilesPanel.page"}


def state(viewer, client):
    """All that a control may change, as text."""
    panels = {type(panel).__name__: panel for panel in viewer.panels}
    path, cameras = panels["PathPanel"], panels["CamerasPanel"]
    camera = next(iter(viewer.server.get_clients().values())).camera
    frusta = {k: (len(v), [h.scale for h in v.values()][:1]) for k, v in cameras._frusta.items()}
    files = sorted(str(f) for f in viewer.folder.root.rglob("*") if "_lock" not in f.name)
    controls = every_control(viewer.panels)
    values = [controls[name].value for name in PASSIVE]
    return str(
        [viewer.settings, frusta, cameras._images, sorted(panels["ObjectsPanel"]._drawn), files]
        + [[pose.round(4).tolist() for pose in path.keys.poses], path._flight is None]
        + ([path.path().times.tolist(), path.path().loop] if len(path.keys) else [])
        + [camera.position.round(4).tolist(), values]
    )


def test_every_control_acts(page):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures)
    controls = every_control(viewer.panels)
    assert set(controls) == set(ORDER) | BROWSERS
    folder = viewer.folder.root
    given = {"PathPanel.file": str(folder / "given.json")}
    for name in ORDER:
        if name == "ObjectsPanel.file":
            given[name] = str(next(folder.glob("mesh/step_*.ply")))
            client.set(controls[name], "elsewhere.ply")  # it was filled in when the mesh was made
            client.set(controls["ObjectsPanel.mesh"], False)
            serve_until(viewer, lambda: "mesh" not in panel(viewer, "ObjectsPanel")._drawn)
        if name == "PathPanel.replace":
            client.look((0.5, 2.0, 1.0), MIDDLE)
            serve_until(viewer, settled(viewer, client))
        if name == "PathPanel.number":  # a second keyframe, and the first is chosen
            client.set(controls["PathPanel.add"], True)
            serve_until(viewer, lambda: len(panel(viewer, "PathPanel").keys) == 2)
            client.set(controls["PathPanel.number"], 0)
            serve_until(viewer, lambda: controls["PathPanel.number"].value == 0)
        if name == "PathPanel.go":
            client.look((0.4, 1.9, 1.1), MIDDLE)
            serve_until(viewer, settled(viewer, client))
        before = state(viewer, client)
        client.set(controls[name], given.get(name, VALUES.get(name, True)))
        print(name)  # seen when it fails
        serve_until(viewer, lambda was=before: state(viewer, client) != was, 30)
        if name in PASSIVE:  # its value is there before the page has answered it
            end = time.perf_counter() + 0.3
            viewer.serve(lambda end=end: time.perf_counter() > end)
    assert not client.notifications, client.notifications
    written = load_path(Path(given["PathPanel.file"]))
    assert len(written) == 2 and written.loop and written.period == 2.0
    assert list(folder.glob("screenshots/*.png")) and list(folder.glob("mesh/*.ply"))


def panel(viewer, name):
    return next(p for p in viewer.panels if type(p).__name__ == name)


def settled(viewer, client):
    """Holds when a picture has come since."""
    n = len(client.pictures)
    return lambda: len(client.pictures) > n


@pytest.mark.parametrize("label", ["depth", "normals", "opacity", "occupancy", "error"])
def test_channels_show_something_else(page, label):
    viewer, client = page
    dataset = viewer.stage.splits["test"]
    pose = dataset.cameras.c2w[0]
    client.look(pose[:, 3], pose[:, 3] - pose[:, 2], up=viewer.stage.up)
    serve_until(viewer, lambda: client.pictures and client.pictures[-1].shape[0] == 48)
    before, n = client.pictures[-1], len(client.pictures)
    client.set(every_control(viewer.panels)["PicturePanel.channel"], label)
    serve_until(viewer, lambda: len(client.pictures) > n and client.pictures[-1].shape[0] == 48)
    assert np.abs(client.pictures[-1].astype(int) - before).mean() > 5


class OwnOptimiser:
    """Of a config, an optimiser that somebody wrote."""

    def __init__(self, params, lr=0.5):
        pass


class RulesAlone:
    """One without a learning rate."""

    def __init__(self, params):
        pass


@pytest.mark.parametrize(("kind", "rate"), [(OwnOptimiser, 0.5), (RulesAlone, None)])
def test_a_learning_rate_that_the_config_leaves_to_its_default(monkeypatch, kind, rate):
    monkeypatch.setattr(same_run.OPTIMS, "get", lambda name: kind)
    loss = {"type": "MSELoss", "weight": 2.0}
    config = Config({"optim": {"type": "Own"}, "loss": loss, "log_every": 5})
    changed, gui = [], MagicMock()
    edits = SimpleNamespace(
        change=lambda values: changed.append(values) or Outcome(), reread_config=0, reread_kernels=0
    )
    panel = TunePanel(SimpleNamespace(trainer=SimpleNamespace(config=config, step=0), edits=edits))
    panel.build(gui)
    assert ("lr_factor" in panel.controls) == (rate is not None)
    shown = [call.args for call in gui.add_text.call_args_list]
    assert shown == [("optim.lr", "0.5")] * (rate is not None) + [("loss.weight", "2.0")]
    if rate is not None:
        panel._scale_lr(1.0, None)
        assert changed == [{"optim.lr": 1.0}]
