"""Every config of every project runs: checked, trained, saved, resumed, tested and rendered, on a tiny scene.

A new config is in by lying in ``projects/*/configs``. There is no list of exceptions: a config without a dataset is
a base, and a base counts only if another config inherits from it.
"""

import re
from pathlib import Path

import imageio.v2 as imageio
import pytest
from captures import facing_poses, make_llff, make_neus
from scenes import make_tiny_blender

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.run import run

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted((ROOT / "projects").glob("*/configs/**/*.py"))
RUNNABLE = [path for path in CONFIGS if "dataset" in load_config(path)]
BASES = [path for path in CONFIGS if path not in RUNNABLE]

# What makes a run small, wherever a config has the setting; how the method works stays as it is.
SMALL = {
    "target_samples": 4096,
    "grid_resolution": 32,
    "log2_table_size": 12,
    "n_samples": 16,
    "n_coarse": 8,
    "n_fine": 8,
    "n_rays": 64,
    "n_train": 4,
    "n_test": 2,
    "resolution": 16,
    "downscale": 1,
    "hidden_width": 16,
    "resolutions": 16,
    "background_width": 16,
    "geometry_features": 16,
    "n_points": 256,
}
# Sizes that a network cannot do without.
NETWORKS = {"NeuSNetwork": ["network.hidden_width=48"]}  # the position enters again at the skip


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """By dataset type, overrides that make its scene tiny."""
    scene = make_tiny_blender(tmp_path_factory.mktemp("scene"))
    large = make_tiny_blender(tmp_path_factory.mktemp("large"), size=96)  # 12 pixels at 1/8
    capture = make_llff(tmp_path_factory.mktemp("capture"), facing_poses(9))
    scan = make_neus(tmp_path_factory.mktemp("scan"))
    return {
        "DTUDataset": [f"dataset.root={scan}"],
        "LLFFDataset": [f"dataset.root={capture}", "dataset.downscale=2"],
        "BlenderDataset": [f"dataset.root={scene}"],
        "MultiscaleBlenderDataset": [f"dataset.root={large}"],
        "TransformsDataset": [f"dataset.root={scene}"],
        "ProceduralDataset": ["dataset.n_train=4", "dataset.n_test=2", "dataset.resolution=16"],
    }


def small(block, path=""):
    """Overrides for every setting of ``SMALL`` that a block, or a block inside it, has."""
    for key, value in block.items():
        if isinstance(value, dict):
            yield from small(value, f"{path}{key}.")
        elif key in SMALL and isinstance(value, int):
            yield f"{path}{key}={min(value, SMALL[key])}"
        elif key in SMALL and isinstance(value, list):
            yield f"{path}{key}={[min(number, SMALL[key]) for number in value]}"


@pytest.mark.parametrize("path", RUNNABLE, ids=[path.stem for path in RUNNABLE])
def test_every_config_trains_resumes_tests_and_renders(path, datasets, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    check(load_config(path))  # as shipped, before anything is made small
    shipped = load_config(path)
    sizes = [*small(shipped), *NETWORKS.get(shipped.network.type, [])]
    sizes += [*datasets[shipped.dataset.type], "evaluation.n_images=1"]
    film = ["render.n_frames=2", "render.width=16", "render.height=16"]

    def do(task, *overrides, **options):
        return run(load_config(path, [*sizes, *overrides]), task, save_dir=tmp_path, **options)

    short = ["evaluation.at_end=False", "checkpoint.every=1"]
    assert do("train", "total_steps=2", *short)["step"] == 2
    folder = tmp_path / shipped.exp_name
    assert load_latest(folder / "checkpoints").step == 2
    assert do("train", "total_steps=3", *short, resume=True)["step"] == 3
    assert [row["step"] for row in read_log(folder / "log.jsonl")] == [1, 2, 3]
    assert do("test")["mean"]["psnr"] > 0
    assert (folder / "test" / "metrics.json").is_file()
    do("render", *film)
    assert len(imageio.mimread(folder / "render" / "orbit.gif")) == 2


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
