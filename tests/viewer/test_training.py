"""A page on a run that trains: it changes nothing, takes its share of the time, and stops what it is told to stop."""

import json
import threading
import time

import numpy as np
import pytest
from page_client import EYE, MIDDLE, PageClient
from safetensors.numpy import load_file
from states import assert_same_states

from jnerf.engine.hooks import Hook
from jnerf.engine.live.edits import LiveEdits
from jnerf.engine.logging import read_log
from jnerf.engine.run import run
from jnerf.viewer import painter
from jnerf.viewer.panels.tabs import every_control
from jnerf.viewer.viewer import Viewer

#: What changes training, and is meant to; ``page`` waits for a browser.
TELLING = ("TunePanel.", "TrainingPanel.stop", "TrainingPanel.pause", "FilesPanel.page")


class Visitor(Hook):
    """Somebody who comes, clicks at random after each step, and goes; comes before the viewer in the list of hooks."""

    def __init__(self, viewer, clicks):
        self.viewer, self.left = viewer, clicks
        self.random = np.random.default_rng(5)
        self.client, self.clicked, self.pictures = None, set(), 0

    def after_step(self, trainer):
        if self.left <= 0:
            return
        if self.client is None:
            self.client = PageClient(self.viewer.server.get_port(), (48, 32))
            self.client.look(EYE, MIDDLE)
            self.client.wait(lambda: self.viewer._calls)
            return
        for _ in range(2):
            self.left -= 1
            self._click()
        if self.random.random() < 0.15 or self.left <= 0:
            self._leave()

    def _click(self):
        controls = every_control(self.viewer.panels)
        names = [name for name in controls if not name.startswith(TELLING)]
        name = names[self.random.integers(len(names))]
        if self.random.random() < 0.3:
            name = "a move of the camera"
            self.client.look(self.random.uniform(0.7, 2.0, 3), MIDDLE)
        else:
            self.client.set(controls[name], another(controls[name], self.random))
        self.clicked.add(name)
        time.sleep(0.002)

    def _leave(self):
        self.pictures += len(self.client.pictures)
        self.client.close()
        self.client = None

    def end(self, trainer):
        if self.client is not None:
            self._leave()


def another(handle, random):
    """A value that somebody might set."""
    kind, value = type(handle).__name__, getattr(handle, "value", None)
    if kind == "GuiCheckboxHandle":
        return not value
    if kind in ("GuiDropdownHandle",):
        return str(random.choice(handle.options))
    if kind == "GuiSliderHandle":
        high = min(handle.max, 96) if handle.max > 10 else handle.max  # no large pictures here
        return type(value)(random.uniform(handle.min, max(high, handle.min)))
    if kind == "GuiMultiSliderHandle":
        return sorted(random.uniform(handle.min, handle.max, 2).tolist())
    if kind == "GuiRgbHandle":
        return random.integers(0, 256, 3).tolist()
    if kind == "GuiNumberHandle":
        return int(random.integers(0, 9))
    if kind == "GuiTextHandle":
        return "/nowhere/mesh.ply"
    return True


@pytest.fixture
def embedded(small, tmp_path):
    def make(name, *overrides):
        sizes = "dataset.n_train=6", "dataset.resolution=24", "sampler.target_samples=8192"
        place = f"save_dir={tmp_path}", f"exp_name={name}", "evaluation.at_end=False"
        return small("ngp_embedded", *sizes, *place, "evaluation.steps=[]", *overrides)

    return make


def test_100_random_clicks_and_disconnects_leave_training_bit_identical(embedded, tmp_path):
    run(embedded("alone", "total_steps=90"), "train")
    edits = LiveEdits()
    viewer = Viewer(port=0, edits=edits)
    viewer.settings.resolution = 48
    visitor = Visitor(viewer, 100)
    run(embedded("watched", "total_steps=90"), "train", hooks=[edits, visitor, viewer])
    viewer.close()
    assert visitor.left <= 0 and visitor.pictures > 20 and len(visitor.clicked) > 15
    same_weights(tmp_path, 90)
    rows = [read_log(tmp_path / name / "log.jsonl") for name in ("alone", "watched")]
    losses = [[row["loss"] for row in part] for part in rows]
    assert losses[0] == losses[1]


class Exporter(Hook):
    """Somebody who has everything written that can be, one after the other; comes before the viewer."""

    def __init__(self, viewer):
        self.viewer, self.client, self.left, self.said = viewer, None, None, []

    def after_step(self, trainer):
        if trainer.step < 20:
            return
        if self.client is None:
            self.client = PageClient(self.viewer.server.get_port(), (48, 32))
            self.client.look(EYE, MIDDLE)
            self.client.wait(lambda: self.viewer._calls)
            self.left = ["points", "slices", "cameras", "occupancy"]
        elif self.left:
            name = self.left.pop()
            self.client.set(every_control(self.viewer.panels)[f"DataPanel.{name}"], True)
            self.client.wait(lambda: self.viewer._calls)

    def end(self, trainer):
        self.said = self.client.notifications
        self.client.close()


def test_exports_leave_training_bit_identical(embedded, tmp_path):
    run(embedded("alone", "total_steps=40"), "train")
    viewer = Viewer(port=0)
    viewer.settings.resolution = 48
    exporter = Exporter(viewer)
    run(embedded("watched", "total_steps=40"), "train", hooks=[exporter, viewer])
    viewer.close()
    assert not exporter.left
    assert all(
        "no pixel" in text for text in exporter.said
    )  # it may still be fog, and is then told
    written = {path.suffix for path in (tmp_path / "watched/export").rglob("*")}
    assert written >= {".ply", ".json", ".npz", ".png"}
    same_weights(tmp_path, 40)


def same_weights(folder, step):
    """Asserts that the runs "alone" and "watched" in a folder ended alike, bit by bit."""
    alone, watched = (
        load_file(folder / name / f"checkpoints/step_{step:08d}.safetensors")
        for name in ("alone", "watched")
    )
    assert_same_states(alone, watched)


def test_kernels_are_warm_before_somebody_comes(embedded, monkeypatch):
    samples, render = [], painter.render_rays
    monkeypatch.setattr(
        painter,
        "render_rays",
        lambda *arguments: samples.append(render(*arguments)) or samples[-1],
    )
    viewer = Viewer(port=0)
    run(embedded("warm", "total_steps=3"), "train", hooks=[viewer])
    viewer.close()
    assert len(samples) == 1 and samples[0].n_samples > 0


class Person(Hook):
    """Does one thing after another, each when the one before has shown; the last hook of the list.

    Args:
        viewer: the page.
        script: a generator that is handed the page, the trainer, the client and the controls, and yields conditions
            to be waited for.
    """

    def __init__(self, viewer, script):
        self.viewer, self.script, self.seen = viewer, script, []
        self.client = self.running = self.condition = None

    def after_step(self, trainer):
        if self.client is None:
            self.client = PageClient(self.viewer.server.get_port(), (48, 32))
            self.client.look(EYE, MIDDLE)
            self.running = self.script(
                self.viewer, trainer, self.client, every_control(self.viewer.panels)
            )
            self.condition = next(self.running)
        time.sleep(0.001)
        while self.condition is not None and self.condition():
            self.condition = next(self.running, None)
        if self.condition is None:
            trainer.request_stop()

    def end(self, trainer):
        self.client.close()


def watched_run(config, script):
    """Trains with a page and somebody before it; returns the person."""
    edits = LiveEdits(lambda: config.copy())
    viewer = Viewer(port=0, edits=edits)
    viewer.settings.resolution = 48
    person = Person(viewer, script)
    try:
        run(config, "train", hooks=[edits, viewer, person])
    finally:
        viewer.close()
    assert person.condition is None, "the script did not come to its end"
    return person


def test_what_may_change_is_changed_and_put_down(embedded, tmp_path):
    def script(viewer, trainer, client, controls):
        yield lambda: client.pictures
        rate = trainer.pipeline.optim.lr_at(trainer.step)
        client.set(controls["TunePanel.lr_factor"], -1.0)
        yield lambda: trainer.pipeline.optim.lr_at(trainer.step) == pytest.approx(rate / 2)
        client.set(
            controls["TunePanel.weight_rgb"],
            "dict(schedule='linear', value=1.0, end=0.5, steps=(0, 9))",
        )
        yield lambda: trainer.pipeline.losses["rgb"].weight(5000) == 0.5
        client.set(controls["TunePanel.lr_schedule"], "-1.0")
        yield lambda: any("learning rate is -1" in text for text in client.notifications)
        client.set(controls["TunePanel.log_every"], 3)
        yield lambda: trainer.config.log_every == 3

    watched_run(embedded("tuned", "total_steps=5000"), script)
    rows = [row for row in read_log(tmp_path / "tuned/log.jsonl") if row.get("event") == "settings"]
    assert [list(row["changed"]) for row in rows][:2] == [["optim.lr"], ["loss.weight"]]
    noted = json.loads((tmp_path / "tuned/run.json").read_text())["sessions"][-1]["live_changes"]
    assert [entry["changed"] for entry in noted] == [row["changed"] for row in rows]
    with pytest.warns(UserWarning, match="settings were changed .* add: optim.lr="):
        run(embedded("tuned", "total_steps=2"), "train", resume=True)


def test_pause_holds_training_and_the_page_goes_on(embedded):
    found = {}

    def script(viewer, trainer, client, controls):
        yield lambda: client.pictures
        client.set(controls["TrainingPanel.pause"], True)
        thread = Later(viewer, trainer, client, controls, found)
        thread.start()
        yield lambda: found.get("went on")

    watched_run(embedded("paused", "total_steps=5000"), script)
    assert found["step"] == found["later"] and found["moved"]


class Later(threading.Thread):
    """While training is held, looks from elsewhere, then lets it go on."""

    def __init__(self, *given):
        super().__init__(daemon=True)
        self.given = given

    def run(self):
        try:
            self.visit(*self.given)
        finally:  # whatever went wrong: nobody else would let it go on
            self.given[1].request_stop()

    def visit(self, viewer, trainer, client, controls, found):
        client.wait(lambda: viewer.settings.paused)
        found["step"], n = trainer.step, len(client.pictures)
        client.look((0.5, 2.5, 0.8), MIDDLE)
        client.wait(lambda: len(client.pictures) > n)
        found["moved"], found["later"] = True, trainer.step
        client.set(controls["TrainingPanel.pause"], True)
        client.wait(lambda: trainer.step > found["step"])
        found["went on"] = True


def test_stop_saves(embedded, tmp_path):
    def script(viewer, trainer, client, controls):
        yield lambda: client.pictures
        client.set(controls["TrainingPanel.stop"], True)
        yield trainer.stopping

    watched_run(embedded("stopped", "total_steps=5000"), script)
    assert list((tmp_path / "stopped/checkpoints").glob("step_*.safetensors"))
