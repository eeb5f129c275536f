"""``jnerf render``: what its flags ask for."""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from jnerf.cli import main, render
from jnerf.command_line import parse
from jnerf.config import load_config
from jnerf.engine.run import run
from jnerf.errors import ConfigError

TINY = Path(__file__).parents[1] / "engine/configs/tiny.py"


def asked(*words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    render.add_arguments(parser)
    return render.request(parse(parser, ["logs/x", *words]))


def test_without_flags_it_is_the_film_of_the_config():
    found = asked()
    assert found.path.kind is None and found.formats == ("mp4", "gif") and found.side_by_side
    assert (found.size, found.fps, found.n_frames, found.channels) == (None, None, None, None)
    assert not found.force and not found.resume and found.background == (0, 0, 0)


def test_flags():
    found = asked(
        *"--path interpolate --order capture --stops 5 --loop --fov 40 --resolution 320 240 --fps 24".split(),
        *"--seconds 3 --channels color depth --format gif png --background 0 0.5 1 --depth-range 1 4".split(),
        *"--output there --force --save-path p.json render.fps=3".split(),
    )
    path = found.path
    assert (path.kind, path.order, path.stops, path.loop, path.fov) == (
        "interpolate",
        "capture",
        5,
        True,
        40,
    )
    assert (found.size, found.fps, found.seconds) == ((320, 240), 24, 3)
    assert (found.channels, found.side_by_side) == (("color", "depth"), False)
    assert (found.formats, found.background, found.depth_range) == (
        ("gif", "png"),
        (0, 0.5, 1),
        (1, 4),
    )
    assert (found.output, found.force, found.save_path) == (Path("there"), True, Path("p.json"))


def test_a_window_of_a_picture():
    found = asked(*"--window -2 0 30.5 40 --scale 2".split())
    assert found.path.window == (-2, 0, 30.5, 40) and found.path.name == "window_-2_0_30.5_40"
    with pytest.raises(ConfigError, match="left must be less than right"):
        asked(*"--window 5 0 5 40".split())
    assert asked(*"--path zoom".split()).path.flat and not asked().path.flat


def test_channels_are_apart_where_they_are_chosen_or_pictures():
    assert asked("--channels", "color", "depth", "--side-by-side").side_by_side
    assert not asked("--format", "png").side_by_side
    assert asked("--background", "none", "--format", "png").background is None
    assert asked("--background", "white").background == (1, 1, 1)


@pytest.mark.parametrize("words", [["pink"], ["1", "2", "3"], ["0.5"], ["a", "b", "c"]])
def test_backgrounds_that_are_none(words):
    with pytest.raises(ConfigError, match="--background is .*black, white, none, or three numbers"):
        asked("--background", *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--stops 5", "--stops is of --path interpolate: give that too, or leave --stops out"),
        ("--path orbit --loop", "--loop is of --path interpolate"),
        ("--path views --order capture", "--order is of --path interpolate"),
        ("--split train", "--split is of --path views"),
        ("--path views --placement none", "--placement is of --path FILE.json"),
    ],
)
def test_flags_of_another_path_are_refused(words, said):
    with pytest.raises(ConfigError, match=said):
        asked(*words.split())


def test_flags_of_this_path():
    assert asked("--path", "views", "--split", "train").path.split == "train"
    assert asked("--path", "a.json", "--placement", "none").path.placement == "none"


def test_from_a_run_folder_to_pictures(tmp_path, capsys):
    run(load_config(TINY, [f"save_dir={tmp_path}/logs", "total_steps=5"]), "train")
    folder = str(tmp_path / "logs/tiny")
    words = ["render", folder, "--resolution", "12", "10", "--save-path", f"{tmp_path}/orbit.json"]
    words += ["--format", "png", "render.n_frames=2"]
    assert main(words) == 0
    frame = cv2.imread(str(tmp_path / "logs/tiny/render/orbit/color_00001.png"))
    assert frame.shape == (10, 12, 3)
    assert main(words) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert main(["render", folder, "--path", "nowhere.json"]) == 2
    assert "camera path nowhere.json not found" in capsys.readouterr().err
    # The path that was written flies the same way.
    words = ["render", folder, "--path", str(tmp_path / "orbit.json"), "--format", "png"]
    assert main([*words, "--output", str(tmp_path / "again")]) == 0
    again = cv2.imread(str(tmp_path / "again/orbit/color_00001.png"))
    assert np.array_equal(again, frame)
    record = json.loads((tmp_path / "again/orbit.film.json").read_text())
    assert record["ready"] and record["about"]["step"] == 5
