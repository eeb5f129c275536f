"""The page as somebody sees it, over a websocket: pictures, moves, controls, disconnects."""

import numpy as np
from page_client import EYE, MIDDLE, PageClient, serve_until

from jnerf.viewer.panels.tabs import every_control


def test_pictures_become_finer_and_show_the_field(page):
    viewer, client = page
    viewer.painter.pace = 1e4  # a slow machine
    serve_until(viewer, lambda: client.pictures and client.pictures[-1].shape[:2] == (48, 64))
    sizes = [picture.shape[0] for picture in client.pictures]
    assert sizes == sorted(sizes) and sizes[0] < 48
    last = client.pictures[-1]
    assert last.max() > 100 and last.min() < 20  # the plate before a black background
    middle = client.depths[-1][24, 32]
    assert abs(middle - np.linalg.norm(np.subtract(EYE, MIDDLE))) < 0.6
    assert client.depths[-1].max() > 100  # behind everything


def test_a_moved_camera_changes_the_picture(page):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures and client.pictures[-1].shape[0] == 48)
    before = client.pictures[-1].astype(int)
    client.look((-0.9, 1.6, 1.2), MIDDLE)

    def is_another() -> bool:  # one more of the old view may be on its way
        last = client.pictures[-1]
        return last.shape == before.shape and np.abs(last - before).mean() > 3

    serve_until(viewer, is_another)


def test_several_look_on_and_leave(page):
    viewer, client = page
    other = PageClient(viewer.server.get_port(), (32, 32))
    other.look((0.5, 2.5, 0.8), MIDDLE)
    serve_until(viewer, lambda: client.pictures and other.pictures)
    assert len(viewer.onlookers) == 2
    other.close()
    serve_until(viewer, lambda: len(viewer.onlookers) == 1)
    assert client.pictures[-1].shape[:2] != other.pictures[-1].shape[:2]


def test_what_a_click_does_wrong_is_told_and_the_page_goes_on(page):
    viewer, client = page
    serve_until(viewer, lambda: client.pictures)
    client.set(every_control(viewer.panels)["ObjectsPanel.file"], "/nowhere/mesh.ply")
    client.set(every_control(viewer.panels)["ObjectsPanel.mesh"], True)
    serve_until(viewer, lambda: client.notifications)
    assert "no mesh /nowhere/mesh.ply" in client.notifications[0]
    n = len(client.pictures)
    client.look((0.5, 2.5, 0.8), MIDDLE)
    serve_until(viewer, lambda: len(client.pictures) > n)
