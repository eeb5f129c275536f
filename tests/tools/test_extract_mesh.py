"""The command line of mesh extraction, from a trained run to files."""

import json
import runpy
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh
from captures import facing_poses, make_llff

from jnerf.config import load_config
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.run import run
from jnerf.engine.trained import recorded_transform

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/extract_mesh.py"
CONFIG = Path(__file__).parent / "configs/distance.py"
TOOLS = runpy.run_path(str(TOOL))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a trained run; tests write their meshes elsewhere."""
    folder = tmp_path_factory.mktemp("runs")
    run(load_config(CONFIG), "train", save_dir=folder)
    return folder


@pytest.fixture
def start(runs, capfd):
    """Runs the command line; checks how it ends and that it says ``messages``."""

    def go(*words, status=0, messages=(), config=CONFIG, resolution=24):
        words = ["--config-file", config, "--save-dir", runs, "--resolution", resolution, *words]
        assert TOOLS["main"]([str(word) for word in words]) == status
        shown = capfd.readouterr()
        for message in messages:
            assert message in (shown.err if status else shown.out), shown
        assert "Traceback" not in shown.err + shown.out
        return shown

    return go


def test_files_in_the_run_folder(start, runs):
    start(messages=["step 2: ", "faces, world units -> ", "distance/mesh/mesh.ply", "mesh.obj"])
    for name in ("mesh.ply", "mesh.obj"):
        mesh = trimesh.load(runs / "distance/mesh" / name, process=False)
        radii = np.linalg.norm(mesh.vertices - 0.5, axis=1)
        np.testing.assert_allclose(radii, 0.3, atol=2e-3)
        assert mesh.is_watertight and mesh.visual.kind == "vertex"


def test_flags_and_overrides_in_any_order(start, runs, tmp_path):
    files = [tmp_path / "new/a.ply", tmp_path / "b.obj"]
    bound = ["--bound", -1, 0, 0, 1, 1, 1]
    # A field of another radius is another field: without the run's record nobody knows.
    checkpoints = shutil.copytree(runs / "distance/checkpoints", tmp_path / "checkpoints")
    bound += ["--checkpoint", checkpoints / "step_00000002.safetensors"]
    start("--no-color", "--output", *files, "network.radius=0.2", "--level", 0.05, *bound)
    mesh = trimesh.load(files[0], process=False)
    assert mesh.vertices[:, 0].min() > 0.24 and mesh.visual.kind is None
    assert trimesh.load(files[1]).faces.shape == mesh.faces.shape


def test_the_mesh_lies_where_the_run_says(start, runs, tmp_path):
    record = runs / "distance/run.json"
    before = record.read_text()
    transform = Similarity(0.1, translation=(0.5, 0.5, 0.4))
    record.write_text(json.dumps({**json.loads(before), "world_to_field": transform.to_dict()}))
    try:
        start("--output", tmp_path / "a.ply")
    finally:
        record.write_text(before)
    bounds = trimesh.load(tmp_path / "a.ply").bounds
    np.testing.assert_allclose(bounds, [[-3, -3, -2], [3, 3, 4]], atol=0.03)


@pytest.mark.parametrize(
    "words, messages",
    [
        (["--level", "-5"], ["no surface: level -5 is nowhere crossed", "--level"]),
        (["--resolution", "1"], ["resolution is 1"]),
        (["--output", "a.stl"], ["a.stl: the suffix says the format"]),
        (["--bound", *"000100"], ["min x y z, then max x y z"]),
        (["network.radious=1"], ["Did you mean 'radius'?"]),
        (["--checkpoint", "nowhere"], ["no checkpoint nowhere"]),
        (["exp_name=other"], ["no checkpoint in", "Train first"]),
    ],
)
def test_bad_input(start, words, messages):
    start(*words, status=2, messages=messages)


def test_ndc_is_refused_before_a_checkpoint_is_looked_for(start, tmp_path):
    capture = make_llff(tmp_path, facing_poses(9))
    words = [f"dataset.root={capture}", "dataset.downscale=2", "encoder.pos_encoder.n_levels=2"]
    fern = ROOT / "projects/ngp/configs/ngp_fern.py"
    start(*words, status=2, messages=["this field is in NDC"], config=fern)


def test_unknown_flags_and_help_need_no_jittor(tmp_path):
    code = (
        "import runpy, sys\n"
        "sys.argv = ['extract_mesh.py', FLAG]\n"
        "try:\n"
        f"    runpy.run_path({str(TOOL)!r}, run_name='__main__')\n"
        "finally:\n"
        "    print('jittor' in sys.modules)\n"
    )
    for flag, status in (("--help", 0), ("--resolutoin", 2)):
        command = [sys.executable, "-c", code.replace("FLAG", repr(flag))]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == status and done.stdout.splitlines()[-1] == "False"
        assert "examples:" in done.stdout if status == 0 else "required" in done.stderr


def test_a_scene_that_has_moved_since_training_is_noticed(tmp_path):
    recorded = Similarity(0.5, translation=(0.1, 0.2, 0.3))
    record = tmp_path / "run.json"
    record.write_text(json.dumps({"world_to_field": recorded.to_dict()}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = recorded_transform(record, SimpleNamespace(transform=recorded))
    np.testing.assert_array_equal(found.matrix(), recorded.matrix())
    with pytest.warns(UserWarning, match="has changed since the run was trained"):
        found = recorded_transform(record, SimpleNamespace(transform=Similarity()))
    np.testing.assert_array_equal(found.matrix(), recorded.matrix())


@pytest.mark.parametrize("text", [None, "[1, 2", "[]", "{}"])
def test_without_a_record_the_scene_is_believed(tmp_path, text):
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    assert recorded_transform(tmp_path / "run.json", SimpleNamespace()) is None
