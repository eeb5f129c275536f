"""Every config of every project runs: checked, trained, saved, resumed, tested and rendered, on a tiny scene.

A new config is in by lying in ``projects/*/configs``. There is no list of exceptions: a config without a dataset is
a base, and a base counts only if another config inherits from it.
"""

import re
from pathlib import Path

import imageio.v2 as imageio
import pytest
from small_runs import small_sizes, tiny_scenes

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.run import run

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "projects").glob("*/configs/**/*.py"))
RUNNABLE = [path for path in CONFIGS if "dataset" in load_config(path)]
BASES = [path for path in CONFIGS if path not in RUNNABLE]

@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """By dataset type, overrides that make its scene tiny."""
    return tiny_scenes(tmp_path_factory.mktemp("zoo") / "scenes")


@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in RUNNABLE])
def test_every_config_trains_resumes_tests_and_renders(path, datasets, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    check(load_config(path))  # as shipped, before anything is made small
    shipped = load_config(path)
    sizes = [*small_sizes(shipped), *datasets[shipped.dataset.type], "evaluation.n_images=1"]
    film = ["render.n_frames=2", "render.width=16", "render.height=16"]

    def do(task, *overrides, **options):
        return run(load_config(path, [*sizes, *overrides]), task, save_dir=tmp_path, **options)

    short = ["evaluation.at_end=False", "checkpoint.every=1"]
    assert do("train", "total_steps=2", *short)["step"] == 2
    folder = tmp_path / shipped.exp_name
    assert load_latest(folder / "checkpoints").step == 2
    assert do("train", "total_steps=3", *short, resume=True)["step"] == 3
    assert [row["step"] for row in read_log(folder / "log.jsonl")] == [1, 2, 3]
    mean = do("test")["mean"]
    assert mean.get("psnr", 1) > 0 and mean.get("iou", 1) >= 0 and {"psnr", "iou"} & set(mean)
    assert (folder / "test" / "metrics.json").is_file()
    do("render", *film)
    (film,) = (folder / "render").glob("*.gif")
    assert len(imageio.mimread(film)) == 2


def test_every_base_is_inherited():
    assert RUNNABLE
    inherited = {
        (path.parent / name).resolve()
        for path in CONFIGS
        for names in re.findall(r"^_base_ = (.*)$", path.read_text(), re.MULTILINE)
        for name in re.findall(r'"([^"]+)"', names)
    }
    assert [path for path in BASES if path not in inherited] == []


def test_names_of_runs_differ():
    names = [load_config(path).exp_name for path in RUNNABLE]
    assert len(set(names)) == len(names)
