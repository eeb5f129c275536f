"""A wheel has all that a user needs outside a checkout: package, kernels, configs. It works from an empty folder.

The wheel is built from a copy and unpacked; installing it with its dependencies would take a network.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jnerf.config.find import named_configs

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")
TINY = (
    "total_steps=2 dataset.resolution=16 dataset.n_train=3 dataset.n_test=2 sampler.target_samples=1024 "
    "sampler.grid_resolution=32 encoder.pos_encoder.log2_table_size=12"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder that a wheel was unpacked into."""
    source, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("jnerf", "projects"):
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "setup.py", "--quiet", "bdist_wheel", "--dist-dir", str(dist)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = dist.glob("jnerf-*.whl")
    unpacked = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(unpacked)
    return unpacked


@pytest.fixture
def jnerf(site, tmp_path):
    """Runs the command in an empty folder, with the unpacked wheel in place of the checkout."""

    def run(*words, status=0):
        environ = {**os.environ, "PYTHONPATH": str(site), "JNERF_DATA": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "jnerf", *map(str, words)],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done

    run.folder = tmp_path
    return run


def test_every_file_of_the_package_is_there(site):
    ours = {
        path.relative_to(ROOT)
        for path in (ROOT / "jnerf").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {path.relative_to(site) for path in site.rglob("*") if path.is_file()}
    assert ours - there == set()
    configs = {path.relative_to(ROOT / "projects") for path in named_configs().values()}
    assert {Path("jnerf/projects") / path for path in configs} <= there
    assert Path("jnerf/projects/ngp/README.md") in there
    info = next(site.glob("*.dist-info"))
    assert sorted(p.name for p in site.iterdir()) == sorted(["jnerf", info.name])
    assert "jnerf = jnerf.cli:main" in (info / "entry_points.txt").read_text()


def test_lists_from_an_empty_folder(jnerf, site):
    shown = jnerf("list", "configs", "ngp_lego").stdout
    assert str(site / "jnerf/projects/ngp/configs/ngp_lego.py") in shown
    assert "  HashGridEncoder  " in jnerf("list", "modules").stdout


def test_a_config_of_ones_own_derives_from_one_of_the_package(jnerf):
    (jnerf.folder / "mine.py").write_text('_base_ = ["embedded", "ngp_base"]\nn_rays = 77\n')
    assert "n_rays = 77\n" in jnerf("train", "mine.py", "--print-config").stdout
    assert "Did you mean 'ngp_embedded'?" in jnerf("train", "ngp_embeded", status=2).stderr


def test_training_and_a_film_from_an_empty_folder(jnerf):
    jnerf("train", "ngp_embedded", *TINY.split())
    poses = [
        {"time": x, "fov": 40, "c2w": [[1, 0, 0, x], [0, 1, 0, 0], [0, 0, 1, 4]]} for x in (0, 1)
    ]
    (jnerf.folder / "flight.json").write_text(json.dumps({"keyframes": poses, "fps": 2}))
    jnerf("render", "logs/ngp_embedded", "--path", "flight.json", "--resolution", "32", "16")
    (film,) = (jnerf.folder / "logs/ngp_embedded/render").glob("*.mp4")
    assert film.name == "flight.mp4"
    assert film.stat().st_size > 0
