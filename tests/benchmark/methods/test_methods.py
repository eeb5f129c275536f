"""Small forms of methods: every one trains; two devices' results side by side."""

import json

import pytest

from jnerf.benchmark.methods import __main__ as command
from jnerf.benchmark.methods.compare import compared, table
from jnerf.benchmark.methods.form import SIZES, small_form


@pytest.mark.parametrize("file", ["ngp_embedded", "neus_scan24_wmask", "image_albert_small"])
def test_a_form_is_small_and_needs_no_data(tmp_path, file):
    config = small_form(file, 7, tmp_path, ["n_rays=99"], resolution=20)
    assert config.total_steps == 7 and config.log_every == 1 and config.n_rays == 99
    assert config.evaluation.steps == []
    if file == "image_albert_small":
        assert config.dataset.root == str(tmp_path / "picture.ppm")
    else:
        assert (config.dataset.type, config.dataset.resolution) == ("ProceduralDataset", 20)
    text = json.dumps(config)
    assert all(f'"{name}": 1048576' not in text for name in SIZES)


def test_what_the_data_do_for_a_method_stays(tmp_path):
    assert small_form("ngp_poses_small", 1, tmp_path).dataset.cameras.type == "PoseRefinement"
    assert small_form("ngp_depth_small", 1, tmp_path).dataset.extras == ["depth"]
    assert "exposure" in small_form("ngp_exposure_small", 1, tmp_path).dataset


def test_the_command_writes_what_is_done_and_goes_on_behind_a_failure(tmp_path, capsys):
    out = tmp_path / "out.json"
    files = ["no_such_config", "image_albert_small"]
    assert command.main([*files, "--steps", "2", "--json", str(out)]) == 1
    found = json.loads(out.read_text())
    assert "no_such_config" in found["no_such_config"]["error"]
    done = found["image_albert_small"]
    assert done["metric"] == "psnr" and 0 < done["value"] < 50 and len(done["losses"]) == 2
    assert "not trained: no_such_config" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_anything_is_trained(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "a.json"
    assert command.main(["ngp_embedded", "--steps", "2", "--json", str(out)]) == 2
    told = capsys.readouterr()
    assert "cannot write" in told.err and "--json" in told.err and told.out == ""


def test_rows_say_what_differs_and_what_is_missing():
    def psnr(value):
        return {"metric": "psnr", "value": value}

    cpu = {"a": psnr(20.0), "b": psnr(20.0), "c": psnr(20.0), "e": psnr(20.0)}
    cuda = {"a": psnr(19.81), "b": psnr(20.21), "d": psnr(1.0), "e": psnr(float("nan"))}
    rows = compared("abcde", cpu, cuda | {"c": {"error": "no memory"}})
    assert [row["result"] for row in rows] == [
        *("same", "differs", "failed on GPU", "not done on CPU", "differs")
    ]
    lines = table(rows)
    assert len(lines) == 6 and lines[1].split() == [
        "a",
        "psnr",
        "20.000",
        "19.810",
        "-0.190",
        "same",
    ]
    assert lines[4].split()[:5] == ["d", "psnr", "-", "1.000", "-"]
