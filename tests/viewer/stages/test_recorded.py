"""A run whose scene's folder is gone opens without cameras; where too little was noted, the error is what it was."""

import json
import shutil

import numpy as np
import pytest
from guest import Guest
from scenes import make_tiny_blender

from jnerf.cli import main
from jnerf.config import load_config
from jnerf.engine.guards.record import read_info
from jnerf.engine.run import run
from jnerf.viewer.stages.choose import stage_of
from jnerf.viewer.stages.recorded import pipeline_without_scene


@pytest.fixture(scope="module")
def orphan(small, tmp_path_factory):
    place = tmp_path_factory.mktemp("orphan")
    make_tiny_blender(place / "scene")
    names = f"dataset.root={place / 'scene'}", f"save_dir={place}", "exp_name=run"
    run(small("ngp_lego", *names, "total_steps=2", "evaluation.at_end=False"), "train")
    shutil.rmtree(place / "scene")
    return place / "run"


def test_it_opens_and_says_so(orphan, tmp_path):
    with Guest(tmp_path / "said.txt", lambda said: "Ctrl-C ends the viewer" in said) as guest:
        assert main(["view", str(orphan), "--port", "0"]) == 0
    assert "The run is shown without its cameras and images" in guest.said
    assert b"<html" in guest.page


def test_the_view_looks_at_the_middle_from_as_far_as_the_cameras(orphan):
    config, info = load_config(orphan / "config.py"), read_info(orphan)
    stage = stage_of(pipeline_without_scene(config, info), config)
    pose, target, fov = stage.first_view()
    np.testing.assert_allclose(pose[:, :3].T @ pose[:, :3], np.eye(3), atol=1e-9)
    away = target - pose[:, 3]
    np.testing.assert_allclose(-pose[:, 2] * info["scene"]["away"], away, atol=1e-6)
    assert 0.1 < fov < 2 and stage.gone and not stage.splits
    assert stage.transform.scale == pytest.approx(info["world_to_field"]["scale"])


def test_too_little_was_noted(orphan, capfd):
    file = orphan / "run.json"
    kept = file.read_text()
    info = json.loads(kept)
    del info["scene"]["near"]
    file.write_text(json.dumps(info))
    try:
        assert main(["view", str(orphan), "--port", "0"]) == 2
    finally:
        file.write_text(kept)
    assert "error:" in capfd.readouterr().err
