"""What fails by itself at every turn, as a user's panel may, is told once and ends neither page nor training."""

import pytest
from page_client import MIDDLE, serve_until

from jnerf.errors import DataError
from jnerf.viewer import calls as calls_module
from jnerf.viewer.calls import Calls
from jnerf.viewer.panels.tabs import every_control


def failing(text):
    def fail(*_):
        raise DataError(text)

    return fail


def panel(viewer, name):
    return next(p for p in viewer.panels if type(p).__name__ == name)


def test_an_error_that_comes_again_is_told_once_and_another_later(monkeypatch):
    said, now = [], [0.0]
    monkeypatch.setattr(calls_module.time, "monotonic", lambda: now[0])
    calls = Calls(said.append)
    texts = iter(["one", "one", "two", "two"])

    def fail():
        raise DataError(next(texts))

    for now[0] in (0.0, 99.0, 100.0, 100.1):
        assert calls.at_once(fail) is None
    assert said == ["one", "two"]
    assert calls.at_once(max, 1, 2) == 2


def test_a_panel_that_fails_leaves_the_page(page, monkeypatch):
    viewer, client = page
    monkeypatch.setattr(panel(viewer, "PicturePanel"), "refresh", failing("no refresh"))
    monkeypatch.setattr(panel(viewer, "FilesPanel"), "row", failing("no row"))
    others = []
    monkeypatch.setattr(panel(viewer, "CropPanel"), "refresh", lambda: others.append(1))
    monkeypatch.setattr("jnerf.viewer.viewer._PANELS", 0.0)
    serve_until(viewer, lambda: client.pictures and len(others) > 3)
    for _ in range(3):
        viewer.row(None, {"step": 1})
    serve_until(viewer, lambda: len(client.notifications) == 2)
    assert client.notifications == ["no refresh", "no row"]


def test_a_channel_that_fails_is_told_and_another_can_be_chosen(page, monkeypatch):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures)
    monkeypatch.setattr(viewer.channels["DepthChannel"], "picture", failing("no depths"))
    channel = every_control(viewer.panels)["PicturePanel.channel"]
    client.set(channel, "depth")
    serve_until(viewer, lambda: client.notifications)
    n = len(client.pictures)
    client.set(channel, "opacity")
    serve_until(viewer, lambda: len(client.pictures) > n)
    assert client.notifications == ["no depths"]


@pytest.fixture
def damaged(page, monkeypatch):
    """A page that looks through a test camera, whose photographs cannot be read."""
    viewer, client = page
    for dataset in viewer.stage.splits.values():
        monkeypatch.setattr(dataset.images, "image", failing("a.png is damaged"))
    pose = viewer.stage.splits["test"].cameras.c2w[0]
    client.look(pose[:, 3], pose[:, 3] - pose[:, 2], up=viewer.stage.up)
    return viewer, client


def test_a_damaged_photograph_has_no_thumbnail(damaged):
    viewer, client = damaged
    serve_until(viewer, lambda: client.pictures and "a.png is damaged" in client.notifications)


def test_a_damaged_photograph_has_no_errors_and_the_note_says_why(damaged):
    viewer, client = damaged
    client.set(every_control(viewer.panels)["PicturePanel.channel"], "error")
    note = panel(viewer, "PicturePanel")._note
    serve_until(viewer, lambda: "test image 0 cannot be read: a.png is damaged" in note.content)
    n = len(client.pictures)
    client.look((0.5, 2.5, 0.8), MIDDLE)
    serve_until(viewer, lambda: len(client.pictures) > n)
