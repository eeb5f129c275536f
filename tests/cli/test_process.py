"""``jnerf process`` and ``jnerf doctor --data`` from the command line: what is wrong is said in one line."""

import shlex

import cv2
import numpy as np
import pytest
from colmap_scenes import write_scene

from jnerf.cli import main


def said(capsys) -> str:
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["imges", "{in}"], "unknown kind of input 'imges'. Did you mean 'images'?"),
        (["images", "{in}/none"], "image folder"),
        (["video", "{in}/none.mp4"], "video"),
        (["colmap", "{in}"], "no COLMAP model found"),
        (["images", "{in}", "--matching", "exaustive"], "Did you mean 'exhaustive'?"),
        (["images", "{in}", "--copies", "two"], "--copies are factors like 2,4,8"),
        (["images", "{in}", "--lens", "FISH"], "--lens must be one of"),
        (["images", "{in}", "--colmap", "no_such_program"], "no program 'no_such_program'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, capsys, arguments, told):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), np.zeros((8, 8, 3), np.uint8))
    words = [word.format(**{"in": tmp_path / "in"}) for word in arguments]
    assert main(["process", *words, "--output", str(tmp_path / "out")]) == 2
    assert said(capsys).startswith("error: ") and not (tmp_path / "out").exists()


def test_a_scene_of_colmap_and_what_the_doctor_says(tmp_path, capsys):
    write_scene(tmp_path / "in")
    output = str(tmp_path / "out of doors")
    words = ["process", "colmap", str(tmp_path / "in"), "--output", output, "--copies", "0"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "registered         9 of 9 pictures (100%)" in told
    command = ["jnerf", "train", "ngp_capture", f"dataset.root={output}", "exp_name=out of doors"]
    assert command in [shlex.split(line) for line in told.splitlines() if "ngp_capture" in line]
    assert main(words) == 2 and "holds a scene already" in said(capsys)
    assert main(["doctor", "--data", output, "--picture", str(tmp_path / "c.png")]) == 0
    assert "COLMAPDataset: 7 training images, 2 test images" in capsys.readouterr().out
    assert (tmp_path / "c.png").is_file()


@pytest.mark.parametrize("place", ["/proc/x", "/dev/null"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, capsys, place):
    write_scene(tmp_path / "in")
    assert main(["process", "colmap", str(tmp_path / "in"), "--output", place]) == 2
    assert place in said(capsys)
