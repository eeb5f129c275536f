"""``jnerf export`` and ``jnerf mesh``, from a trained run to files."""

import json

import numpy as np
import pytest
import trimesh
from captures import facing_poses, make_llff
from scenes import make_tiny_blender

from jnerf.cli import main
from jnerf.config import find_config, load_config
from jnerf.engine.run import run
from jnerf.export.codebook import read_codebook

TINY = """
dataset.resolution=24 dataset.n_train=6 dataset.n_test=2 total_steps=100 evaluation.at_end=False
sampler.target_samples=8192 encoder.pos_encoder.n_levels=4 encoder.pos_encoder.log2_table_size=12
""".split()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a trained run of the embedded scene."""
    folder = tmp_path_factory.mktemp("runs")
    run(load_config(find_config("ngp_embedded"), [*TINY, f"save_dir={str(folder)!r}"]), "train")
    return folder / "ngp_embedded"


@pytest.fixture
def start(trained, capfd):
    """Runs ``jnerf`` and checks how it ends and what it says."""

    def go(*words, status=0, message=""):
        assert main([str(word) for word in words]) == status
        shown = capfd.readouterr()
        assert message in (shown.err if status else shown.out), shown
        assert "Traceback" not in shown.err + shown.out
        return shown

    return go


def test_points(start, trained, tmp_path):
    start("export", "points", trained, "--count", 500, "--opacity", 0.1, message="points.ply")
    found = trimesh.load(trained / "export/points.ply")
    assert 0 < len(found.vertices) <= 500 and found.colors.shape[1] == 4
    head = (trained / "export/points.ply").read_bytes().split(b"end_header")[0]
    assert b"property float nx" in head
    start("export", "points", trained, "--count", 500, "--opacity", 0.1)  # its own is replaced
    mine = tmp_path / "mine.ply"
    mine.write_text("dear")
    words = "export", "points", trained, "--count", 20, "--opacity", 0.1, "--output", mine
    start(*words, status=2, message="is there already: say --force")
    assert mine.read_text() == "dear"
    start(*words, "--force")
    assert len(trimesh.load(mine).vertices) == 20


def test_cameras_train_again(start, trained, tmp_path):
    start("export", "cameras", trained, status=2, message="say --images")
    alone = tmp_path / "alone.ply"
    words = "export", "cameras", trained, "--images", "--output", alone
    start(*words, status=2, message="--images are written beside a .json file")
    assert not alone.exists()
    target = tmp_path / "scene/transforms.json"
    start("export", "cameras", trained, "--images", "--output", target, tmp_path / "cameras.glb")
    assert len(json.loads(target.read_text())["frames"]) == 8
    assert len(list((tmp_path / "scene/images").iterdir())) == 8
    assert len(trimesh.load(tmp_path / "cameras.glb", force="mesh").faces) == 8 * 7
    block = f"dataset=dict(type='TransformsDataset', root={str(target.parent)!r})"
    config = load_config(find_config("ngp_embedded"), [block, *TINY[3:], "total_steps=2"])
    config.save_dir = str(tmp_path)
    run(config, "train")


def test_slices(start, trained, tmp_path):
    words = "export", "slices", trained, "--resolution", 16, "--count", 2, "--arrays"
    start(*words, message="2 slices, 5 files")
    names = {path.name for path in (trained / "export/slices").iterdir()}
    assert {"density_z_000.png", "color_z_001.png", "slices.npz"} <= names
    with np.load(trained / "export/slices/slices.npz") as found:
        assert found["density"].shape == (2, 16, 16) and found["colors"].shape == (2, 16, 16, 3)
    (tmp_path / "mine.txt").write_text("dear")
    start(*words, "--output", tmp_path, status=2, message="is not empty: say --force")


def test_occupancy(start, trained):
    start("export", "occupancy", trained, message="occupied cells")
    with np.load(trained / "export/occupancy.npz") as found:
        assert len(found["middles"]) == len(found["edges"]) > 0
    assert len(trimesh.load(trained / "export/occupancy.ply", process=False).faces) > 0


def test_a_codebook_as_one_file_that_answers(start, trained, tmp_path):
    start("export", "codebook", trained, status=2, message="has no codebooks to pack")
    make_tiny_blender(tmp_path / "scene", n=4, size=16)
    overrides = [
        f"save_dir={str(tmp_path)!r}",
        f"dataset.root={str(tmp_path / 'scene')!r}",
        "dataset.downscale=1",
        "total_steps=6",
        "network.grow_steps=[3]",
        "network.prune_steps=[]",
        "sampler.target_samples=4096",
        "encoder.pos_encoder.base_level=1",
        "evaluation.at_end=False",
    ]
    run(load_config(find_config("vqad_lego_small"), overrides), "train")
    folder = tmp_path / "vqad_lego_small"
    start("export", "codebook", folder, "--test", message="as it was read back: {'psnr'")
    found = read_codebook(folder / "export/codebook.jcb")
    assert found.bits == 4 and found.tree.depth == 3 and len(found.keys) == found.tree.n_rows
    start("export", "codebook", folder, "--output", tmp_path / "a.ply", status=2, message=".jcb")


def test_a_mesh_with_a_texture(start, trained):
    pytest.importorskip("xatlas")  # has no wheels for Python 3.14, nor for ARM under Linux
    flags = "--resolution", 24, "--level", 5, "--texture", 64, "--faces", 200, "--no-visible"
    start("mesh", trained, *flags, message="mesh.glb")
    mesh = trimesh.load(trained / "mesh/mesh.glb", force="mesh")
    assert mesh.visual.material.baseColorTexture.size == (64, 64)
    assert {"mesh.obj", "mesh.mtl", "mesh.png"} <= {p.name for p in (trained / "mesh").iterdir()}


@pytest.mark.parametrize(
    "words, message",
    [
        ("export points RUN --count 0", "--count 0"),
        ("export points RUN --output a.stl", "a.stl: the suffix says the format"),
        ("export points nowhere", "nowhere"),
        ("export occupancy RUN exp_name=other", "no checkpoint in"),
        ("export points RUN encoder.pos_encoder.n_levels=5", "cannot be exported, since"),
        ("export slices RUN --at 99", "--at 99: along z the field's box is"),
        ("export slices RUN --output a b", "slices go into one folder"),
        ("export fog RUN", "unknown kind 'fog'"),
        ("mesh RUN --texture 8", "--texture 8"),
        ("mesh RUN --texture 64 --output a.ply", ".ply holds no picture"),
        ("mesh RUN --min-faces 100000000 --resolution 16 --level 5", "none of the surface's parts"),
        ("mesh RUN --output /proc/nowhere/a.ply", "cannot write"),
    ],
)
def test_bad_input(start, trained, words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start(*words.replace("RUN", str(trained)).split(), status=2, message=message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["points", "cameras"])
def test_ndc_is_refused(start, tmp_path, kind):
    capture = make_llff(tmp_path, facing_poses(9))
    words = f"dataset.root={capture}", "dataset.downscale=2", "encoder.pos_encoder.n_levels=2"
    start("export", kind, "ngp_fern", *words, status=2, message="in NDC")


@pytest.mark.parametrize("kind", ["points", "cameras", "slices", "occupancy"])
def test_help_of_each_kind(kind, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["export", kind, "--help"])
    shown = capsys.readouterr().out
    assert (
        caught.value.code == 0 and f"jnerf export {kind} logs/" in shown and "exit status" in shown
    )
