"""Event files: the numbers of the log, pictures of evaluations, and no step twice after a resumed run."""

import struct
import sys

import pytest

from jnerf.engine.logging import read_log
from jnerf.engine.run import run
from jnerf.engine.watching.tensorboard import scalars
from jnerf.errors import ConfigError


def events(folder):
    """All events as TensorBoard takes them: file after file, later steps dropped where a start says so."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in sorted(folder.glob("events.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])
            at += 12 + length + 4
            if event.session_log.status == 1:  # START
                found = [e for e in found if e.step < event.step]
            found.append(event)
    return found


def values(folder):
    return [
        (value.tag, event.step, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
        if not value.HasField("image")
    ]


def logged(folder):
    rows = read_log(folder / "log.jsonl")
    return [(tag, row["step"], pytest.approx(x)) for row in rows for tag, x in scalars(row).items()]


def test_the_log_and_pictures_are_in_event_files(tiny, folder):
    run(tiny("tensorboard=true", "evaluation.steps=[5]"), "train")
    found = values(folder / "tensorboard")
    assert found == logged(folder)
    assert {tag for tag, *_ in found} >= {"train/loss", "loss/rgb", "train/psnr", "test/ssim"}
    pictures = [
        (value.tag, event.step, value.image.width)
        for event in events(folder / "tensorboard")
        for value in event.summary.value
        if value.HasField("image")
    ]
    assert pictures == [(f"test/view_{i}", step, 16) for step in (5, 12) for i in (0, 1)]


def test_a_resumed_run_writes_no_step_twice(tiny, folder):
    config = "tensorboard=true", "log_every=1"
    with pytest.raises(ZeroDivisionError):
        run_until(tiny(*config), 9)  # step 5 was saved
    assert ("train/rays", 8, 64.0) in values(folder / "tensorboard")
    run(tiny(*config), "train", resume=True)
    found = values(folder / "tensorboard")
    assert found == logged(folder)
    assert len({(tag, step) for tag, step, _ in found}) == len(found)


def run_until(config, step):
    """A run that dies at the beginning of a step."""
    from jnerf.engine.trainer import Trainer

    real = Trainer._train_step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Trainer,
            "_train_step",
            lambda self, at, watch: 1 / 0 if at == step - 1 else real(self, at, watch),
        )
        run(config, "train")


def test_without_tensorboardx_it_says_what_to_install_before_anything_begins(
    tiny, folder, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ConfigError, match="pip install tensorboardX"):
        run(tiny("tensorboard=true"), "train")
    assert not folder.exists()
    assert run(tiny("total_steps=1", "evaluation.at_end=False"), "train")["complete"]
