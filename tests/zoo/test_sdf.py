"""A torus is learnt, judged, traced and given back where its file had it; what was interrupted ends the same."""

import json

import cv2
import numpy as np
import pytest
from meshes import torus, torus_distance, write_obj
from states import assert_same_states

from jnerf.cli.program import main
from jnerf.config import find_config, load_config
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.run import run
from jnerf.errors import ConfigError

trimesh = pytest.importorskip("trimesh")
PLACE, SIZE = np.array([40.0, -3.0, 500.0]), 2.0
STEPS = 150


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdf")
    vertices, faces = torus(96, 48)
    write_obj(folder / "torus.obj", SIZE * vertices + PLACE, faces)
    return folder


def config_of(place, *overrides):
    small = [
        f"dataset.root={place / 'torus.obj'}",
        "encoder.pos_encoder.log2_table_size=14",
        "encoder.pos_encoder.max_resolution=128",
        "n_rays=8192",
        f"total_steps={STEPS}",
        f"optim.lr.steps=[0,{STEPS}]",
        "evaluation.steps=[]",
        "dataset.noise_std=0.01",
        "dataset.volume_points=65536",
        "dataset.surface_points=5000",
        "dataset.surface_resolution=64",
    ]
    return load_config(find_config("sdf_torus_small"), [*small, *overrides])


@pytest.fixture(scope="module")
def trained(place):
    """The config and the folder of a trained run."""
    config = config_of(place)
    done = run(config, "train", save_dir=place / "logs")
    return config, place / "logs" / config.exp_name, done["mean"]


def test_it_is_learnt_and_judged(trained):
    _, folder, mean = trained
    assert mean["iou"] > 0.98 and mean["chamfer_l1"] < 2e-3 and mean["nae"] < 10
    assert mean["mae_near"] < 4e-3
    told = json.loads((folder / "test" / "metrics.json").read_text())
    assert told["protocol"]["volume_points"] == 65536 and told["protocol"]["n_shapes"] == 1
    strip = cv2.imread(str(folder / "test" / "torus.png"))
    found, truth, error = np.split(strip.astype(int), 3, axis=1)
    assert strip.shape == (400, 1200, 3) and 0.1 < (truth.max(axis=2) > 0).mean() < 0.6
    assert np.abs(found - truth).mean() < 12
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert "mae" in log[0] and "psnr" not in log[0] and log[-1]["eval"]["iou"] == mean["iou"]


def test_the_mesh_comes_back_where_the_file_had_it(trained, tmp_path):
    _, folder, _ = trained
    out = tmp_path / "torus.ply"
    assert main(["mesh", str(folder), "--resolution", "96", "--output", str(out)]) in (None, 0)
    mesh = trimesh.load(out)
    away = torus_distance((np.asarray(mesh.vertices) - PLACE) / SIZE) * SIZE
    assert np.abs(away).mean() < 0.02 and mesh.is_watertight
    volume = 2 * np.pi**2 * 0.25**2 * SIZE**3
    assert mesh.volume == pytest.approx(volume, rel=0.03)
    assert main(["mesh", str(folder), "--texture", "64", "--output", str(tmp_path / "a.glb")]) == 2


def test_films_show_it(trained, tmp_path):
    _, folder, _ = trained
    words = "--frames 2 --format png exr --resolution 48 48 --channels color depth normal --output"
    assert main(["render", str(folder), *words.split(), str(tmp_path / "film")]) in (None, 0)
    pictures = sorted(tmp_path.glob("**/color_*.png"))
    assert len(pictures) == 2
    seen = cv2.imread(str(pictures[0])).max(axis=2) > 0
    assert 0.1 < seen.mean() < 0.6
    depth = cv2.imread(str(next(tmp_path.glob("**/depth_00000.exr"))), cv2.IMREAD_UNCHANGED)
    # world units: the eye is 1.02 radii over the sine of half its field of view away
    middle = 1.02 * 1.25 * SIZE / np.sin(np.radians(20))
    met = depth[depth > 0]
    assert middle - 1.3 * SIZE < met.min() < met.max() < middle + 1.3 * SIZE


def test_what_was_interrupted_ends_the_same(place):
    short = ["dataset.batches_at_once=4", "dataset.passes=2", "evaluation.at_end=False"]

    def weights(name, *steps):
        for i, n in enumerate(steps):
            sizes = [
                f"exp_name={name}",
                f"total_steps={n}",
                "checkpoint.every=5",
                "optim.lr.steps=[0,30]",
            ]
            run(config_of(place, *short, *sizes), "train", save_dir=place / "logs", resume=i > 0)
        return load_latest(place / "logs" / name / "checkpoints").state

    whole, parts = weights("whole", 11), weights("parts", 5, 11)
    assert_same_states(whole, parts)


def test_a_loss_of_colours_is_refused(place):
    with pytest.raises(ConfigError, match="requires 'colors'"):
        run(config_of(place, "loss=dict(type='MSELoss')", "exp_name=x"), "train", save_dir=place)
