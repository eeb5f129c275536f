"""Scenes as other people have them, end to end: what is mended is said in one line, what is not says what to do."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from colmap_scenes import tiny_model, write_scene
from photographs import edit, make_photographs
from scenes import make_tiny_blender

ROOT = Path(__file__).resolve().parents[2]
MAIN = runpy.run_path(str(ROOT / "tools/run_net.py"))["main"]
SMALL = [
    "encoder.pos_encoder.log2_table_size=12",
    "sampler.target_samples=4096",
    "sampler.grid_resolution=32",
    "total_steps=3",
    "evaluation.steps=[]",
]


@pytest.fixture
def start(tmp_path, capfd):
    """Runs the command line on a scene; returns the lines on standard error that speak to the user."""

    def run(kind, root, *words, status=0):
        dataset = f"dataset=dict(type='{kind}', root='{root}')"
        config = ROOT / "projects/ngp/configs/ngp_base.py"
        command = ["--config-file", str(config), "--save-dir", str(tmp_path / "runs"), dataset]
        assert MAIN([*command, *SMALL, *words]) == status
        shown = capfd.readouterr()
        assert "Traceback" not in shown.err + shown.out
        return [line for line in shown.err.splitlines() if line.startswith(("warning", "error"))]

    return run


def test_names_and_rotations_of_elsewhere(start, tmp_path):
    scene = make_photographs(tmp_path / "photos")

    def change(data):
        for frame in data["frames"]:
            frame["file_path"] = "C:\\Users\\someone\\" + frame["file_path"].replace("/", "\\")
            matrix = np.array(frame["transform_matrix"])
            matrix[:3, :3] *= 1.5
            frame["transform_matrix"] = matrix.tolist()

    edit(scene, change)
    lines = start("TransformsDataset", scene)
    assert sum("9 of 9 files" in line for line in lines) == 1
    assert sum("a rotation times 1.5, to within" in line for line in lines) == 1
    # The other commands meet the scene as well.
    lines = start("TransformsDataset", scene, "--task", "test")
    assert sum("9 of 9 files" in line for line in lines) == 1


def test_a_box_without_a_grid(start, tmp_path):
    scene = make_photographs(tmp_path / "photos")
    edit(scene, lambda d: d.update(aabb_scale=256))
    warning, error = start("TransformsDataset", scene, status=2)
    assert f"{scene}/transforms.json: 'aabb_scale' is 256" in warning and "1 to 128" in warning
    assert "sampler: OccupancySampler: the scene's box reaches 128" in error
    assert start("TransformsDataset", scene, "dataset.aabb_scale=2") == []
    scene = make_tiny_blender(tmp_path / "ball")
    (error,) = start("BlenderDataset", scene, "dataset.aabb_scale=256", "exp_name=ball", status=2)
    assert "set dataset.aabb_scale=128 or less" in error


def test_without_a_test_split(start, tmp_path):
    scene = make_tiny_blender(tmp_path / "ball")
    (scene / "transforms_test.json").unlink()
    assert start("BlenderDataset", scene) == []
    (scene / "transforms_val.json").unlink()
    (error,) = start("BlenderDataset", scene, "exp_name=without", status=2)
    assert "evaluation.steps=[] evaluation.at_end=False" in error
    assert start("BlenderDataset", scene, "exp_name=without", "evaluation.at_end=False") == []


def test_known_poses_without_points(start, tmp_path):
    model = tiny_model()
    scene = write_scene(tmp_path / "model", model)
    (scene / "sparse" / "0" / "points3D.txt").unlink()
    (error,) = start("COLMAPDataset", scene, status=2)
    assert "give dataset.aabb_scale, dataset.near and dataset.far" in error
    given = ["dataset.near=0.1", "dataset.far=3.0", "dataset.aabb_scale=2.0"]
    assert start("COLMAPDataset", scene, *given) == []


def test_a_scene_of_the_working_directory(start, tmp_path, monkeypatch):
    make_photographs(tmp_path / "here" / "photos")
    (tmp_path / "data" / "photos").mkdir(parents=True)
    monkeypatch.setenv("JNERF_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path / "here")
    assert start("TransformsDataset", "./photos") == []
    (error,) = start("TransformsDataset", "photos", "exp_name=other", status=2)
    assert str(tmp_path / "data" / "photos") in error
