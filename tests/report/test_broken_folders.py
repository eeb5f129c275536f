"""Folders of runs that were killed, are old, or are none at all."""

import json

import pytest
from run_folders import check_page, make_run

from jnerf.errors import DataError
from jnerf.report.run_data import read_run
from jnerf.report.write import report_html


def text_of(root):
    return check_page(report_html(read_run(root)))


def test_no_run_says_what_to_give(tmp_path):
    with pytest.raises(DataError, match="nowhere is not there. Give the folder of a run"):
        read_run(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file is a file, not a run's folder"):
        read_run(tmp_path / "file")
    make_run(tmp_path / "logs" / "b")
    make_run(tmp_path / "logs" / "a")
    with pytest.raises(DataError, match=r"neither run.json.*it holds the runs a, b: give one"):
        read_run(tmp_path / "logs")


def test_a_run_that_was_killed(tmp_path):
    root = make_run(tmp_path / "a", views=0)
    lines = (root / "log.jsonl").read_text().splitlines(True)
    (root / "log.jsonl").write_text("".join(lines[:4]) + lines[4][:20])
    text = text_of(root)
    assert "Stopped after step 20 of 40" in text and "--resume goes on" in text
    assert "log.jsonl: 1 of 5 lines cannot be read" in text
    assert "It was not tested" in text and "PSNR, black, last evaluation" in text


@pytest.mark.parametrize("name", ["run.json", "config.py", "log.jsonl", "test/metrics.json"])
def test_each_file_may_be_missing_or_broken(tmp_path, name):
    whole = text_of(make_run(tmp_path / "whole"))
    assert "cannot be read" not in whole and "There is no" not in whole
    gone = make_run(tmp_path / "gone")
    (gone / name).unlink()
    text = text_of(gone)
    assert ("There is no" in text) == (name != "test/metrics.json")
    broken = make_run(tmp_path / "broken")
    (broken / name).write_bytes(b'{"a": [\xff\n')
    text = text_of(broken)
    assert "cannot be read" in text
    for other, said in {
        "run.json": "A CPU",
        "log.jsonl": "rays per step",
        "config.py": "optim = dict(",
        "test/metrics.json": "r_2",
    }.items():
        assert other == name or said in text


@pytest.mark.parametrize(
    "content", ["[]", "3", '{"mean": 3}', '{"images": [1], "mean": {"psnr": "x"}}']
)
def test_metrics_of_another_shape(tmp_path, content):
    root = make_run(tmp_path / "a")
    (root / "test/metrics.json").write_text(content)
    assert "metrics.json" in text_of(root)


def test_rows_and_notes_of_another_shape(tmp_path):
    root = make_run(tmp_path / "a")
    with (root / "log.jsonl").open("a") as log:
        log.write(
            '{"step": 50, "psnr": null, "rays": "many", "seconds": null}\n{"step": 60, "eval": 3}\n'
        )
    info = json.loads((root / "run.json").read_text())
    info |= {"sessions": [1, {"git": None, "machine": 3}], "data": {"training": 5}, "protocol": []}
    (root / "run.json").write_text(json.dumps(info))
    assert "rays per step" in text_of(root)


def test_pictures_that_are_missing_or_broken_are_told(tmp_path):
    root = make_run(tmp_path / "a")
    (root / "test/v_r_0.png").unlink()
    (root / "test/v_r_0_depth.png").write_bytes(b"no picture")
    text = text_of(root)
    assert "There are no pictures of ./v/r_0" in text and "r_1 PSNR" in text


def test_an_empty_log_and_no_test(tmp_path):
    root = make_run(tmp_path / "a", views=0)
    (root / "log.jsonl").write_text("")
    assert "Nothing was trained" in text_of(root)
