"""Evaluation on the way, smaller if ``evaluation.downscale`` says so, and the test at the end."""

import json

import pytest

from jnerf.engine.run import run
from jnerf.errors import ConfigError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


SCENE = 'dataset=dict(type="ProceduralDataset", resolution=24, n_train=2, n_test=2)'


def test_only_evaluation_on_the_way_is_smaller(tiny, folder):
    run(tiny(SCENE, "total_steps=6", "evaluation.steps=[3]", "evaluation.downscale=2"), "train")
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    on_the_way, at_end = (row["eval"] for row in rows if "eval" in row)
    assert on_the_way["downscale"] == 2 and "downscale" not in at_end
    metrics = json.loads((folder / "test" / "metrics.json").read_text())
    assert metrics["protocol"]["resolution"] == [24, 24]
    assert metrics["mean"]["psnr"] == at_end["psnr"]


def test_ctrl_c_in_the_test_at_the_end_says_that_the_run_is_saved(tiny, monkeypatch, capsys):
    def interrupted(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("jnerf.engine.tasks.testing.evaluate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tiny(SCENE, "total_steps=2", "evaluation.steps=[]"), "train")
    assert "step 2 is saved: the same command with --resume tests it" in capsys.readouterr().out


def test_too_small_a_view_is_refused_before_training(tiny, folder):
    with pytest.raises(ConfigError, match=r"is 8x8 pixels.*evaluation\.downscale"):
        run(tiny(SCENE, "evaluation.downscale=3"), "train")
    assert not (folder / "log.jsonl").exists()
