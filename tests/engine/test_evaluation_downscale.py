"""``evaluation.downscale``: smaller pictures on the way, whole ones at the end."""

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


def test_too_small_a_view_is_refused_before_training(tiny, folder):
    with pytest.raises(ConfigError, match=r"is 8x8 pixels.*evaluation\.downscale"):
        run(tiny(SCENE, "evaluation.downscale=3"), "train")
    assert not (folder / "log.jsonl").exists()
