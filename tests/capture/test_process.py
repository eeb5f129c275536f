"""From pictures to a scene with the real COLMAP, small; and a scene that COLMAP has made already."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import cv2
import faulty_scenes as faulty
import numpy as np
import pytest
from colmap_scenes import tiny_model, write_model, write_scene

from jnerf.capture.output.backdrop import plain_backdrop
from jnerf.capture.process import process
from jnerf.capture.settings import Settings
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.colmap.model import find_model, read_model
from jnerf.datasets.placement.alignment import pose_errors
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.errors import ConfigError, DataError


def quiet(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Views of the embedded scene, and their true poses."""
    poses = faulty.embedded_poses()
    folder = tmp_path_factory.mktemp("photographs")
    faulty.draw_views(folder, poses)
    return folder / "images", poses


@pytest.fixture(scope="module")
def made(photographs, tmp_path_factory):
    """The scene made of them, and what was said of it."""
    pytest.importorskip("pycolmap")
    output = tmp_path_factory.mktemp("made") / "scene"
    settings = Settings(
        "images", photographs[0], lens="SIMPLE_PINHOLE", copies=(2,), image_size=800
    )
    return output, process(settings, output, say=quiet), settings


def test_photographs_become_a_scene(made, photographs):
    output, outcome, _ = made
    assert outcome.facts.registered >= 0.8 * faulty.N and outcome.enough
    model = read_model(find_model(output, "sparse/0").folder, ".bin")
    truth = [photographs[1][int(image.name[1:3]), :3] for image in model.images]
    errors = pose_errors(np.stack([image.c2w for image in model.images]), np.stack(truth))
    assert np.median(errors.degrees) < 1.0 and np.median(errors.relative) < 0.02
    assert cv2.imread(str(output / "cameras.png")).shape[1] > 1000
    assert cv2.imread(str(output / "images_2" / "v00.png")).shape == (100, 100, 3)
    report = json.loads((output / "process_report.json").read_text())
    assert report["registered"] == outcome.facts.registered and report["refined"]
    assert (output / "sparse_pc.ply").read_bytes().startswith(b"ply\nformat binary_little")
    assert outcome.backdrop == (1.0, 1.0, 1.0)  # views are over white


def test_both_descriptions_of_a_scene_agree(made):
    """COLMAPDataset around the points and TransformsDataset with instant-ngp's numbers give one field."""
    output, *_ = made
    ours = COLMAPDataset(root=str(output), around="points", holdout=0)
    theirs = TransformsDataset(root=str(output), holdout=0)
    assert ours.aabb.tolist() == theirs.aabb.tolist()
    np.testing.assert_allclose(theirs.cameras.c2w, ours.cameras.c2w, atol=1e-5)
    np.testing.assert_allclose(theirs.cameras.intrinsics, ours.cameras.intrinsics, rtol=1e-5)
    scene = json.loads((output / "transforms.json").read_text())
    applied, scale = np.array(scene["applied_transform"]), scene["applied_scale"]
    first = read_model(output / "sparse" / "0", ".bin").images[0]
    moved = scale * (applied[:, :3] @ first.c2w[:, 3] + applied[:, 3])
    np.testing.assert_allclose(moved, np.array(scene["frames"][0]["transform_matrix"])[:3, 3])


def test_a_scene_is_neither_overwritten_nor_begun_twice(made):
    output, outcome, settings = made
    before = (output / "sparse" / "0" / "images.bin").read_bytes()
    with pytest.raises(ConfigError, match="holds a scene already: go on with --resume"):
        process(settings, output, say=quiet)
    said = []
    again = process(settings, output, resume=True, say=said.append)
    assert again.facts == outcome.facts and not any("features" in line for line in said)
    assert (output / "sparse" / "0" / "images.bin").read_bytes() == before


def test_a_stopped_call_goes_on_where_it_was(made):
    """Stopped while features were sought: those of the last pictures are not there yet. The result is the same, too."""
    output, outcome, settings = made
    model = output / "sparse" / "0" / "images.bin"
    before = model.read_bytes()
    journal = output / "process.json"
    state = json.loads(journal.read_text())
    state["done"] = {"pictures": state["done"]["pictures"]}
    journal.write_text(json.dumps(state))
    shutil.rmtree(output / "sparse")
    with closing(sqlite3.connect(output / "colmap" / "database.db")) as database, database:
        for table in ("keypoints", "descriptors"):
            database.execute(f"DELETE FROM {table} WHERE image_id > 9")
        database.execute("DELETE FROM matches")
        database.execute("DELETE FROM two_view_geometries")
    said = []
    again = process(settings, output, resume=True, say=said.append)
    assert [line.split()[0] for line in said] == ["pictures", "features", "matches", "models"]
    assert again.facts == outcome.facts  # with the one camera that all share
    assert model.read_bytes() == before


def test_pictures_of_which_none_can_be_placed(tmp_path):
    pytest.importorskip("pycolmap")
    (tmp_path / "in").mkdir()
    for i in range(4):
        cv2.imwrite(str(tmp_path / "in" / f"{i}.png"), np.full((64, 64, 3), 60 * i, np.uint8))
    with pytest.raises(
        DataError, match="not one of the 4 pictures could be given a pose: .*features"
    ):
        process(Settings("images", tmp_path / "in"), tmp_path / "out", say=quiet)


def test_what_colmap_has_made_already(tmp_path):
    model = tiny_model(n=9, size=48)
    write_scene(tmp_path / "in", model, ".txt", "colmap/sparse/0")
    outcome = process(Settings("colmap", tmp_path / "in", copies=()), tmp_path / "out", say=quiet)
    assert outcome.facts.registered == outcome.facts.pictures == 9
    assert sorted(p.name for p in (tmp_path / "out" / "images").iterdir()) == [
        f"view_{i}.png" for i in range(9)
    ]
    dataset = COLMAPDataset(root=str(tmp_path / "out"), around="points")
    assert (
        np.abs(dataset.transform.points([0.0, 0, 0]) - 0.5).max() < 0.1
    )  # the ball is in the middle


def test_images_that_a_model_has_and_the_folder_lacks(tmp_path):
    write_scene(tmp_path / "in")
    (tmp_path / "in" / "images" / "view_3.png").unlink()
    with pytest.warns(UserWarning, match="1 of 9 images are missing"):
        outcome = process(
            Settings("colmap", tmp_path / "in", copies=()), tmp_path / "out", say=quiet
        )
    assert outcome.facts.registered == outcome.facts.pictures == 8
    frames = json.loads((tmp_path / "out" / "transforms.json").read_text())["frames"]
    assert len(frames) == 8 and not any("view_3" in frame["file_path"] for frame in frames)


def test_a_model_that_was_made_on_windows(tmp_path):
    model = tiny_model(n=9, size=48)
    write_scene(tmp_path / "in", model)
    (tmp_path / "in" / "images").rename(tmp_path / "left")
    (tmp_path / "in" / "images").mkdir()
    (tmp_path / "left").rename(tmp_path / "in" / "images" / "left")
    model.images = [(f"left\\{name}", *rest) for name, *rest in model.images]
    write_model(tmp_path / "in" / "sparse" / "0", model, ".txt")
    outcome = process(Settings("colmap", tmp_path / "in", copies=(2,)), tmp_path / "out", say=quiet)
    assert outcome.facts.registered == 9 and not outcome.facts.missing
    for folder in ("images", "images_2"):
        assert len(list((tmp_path / "out" / folder / "left").iterdir())) == 9
    assert len(COLMAPDataset(root=str(tmp_path / "out"), holdout=0).cameras.names) == 9


@pytest.mark.parametrize("away", ["../{}", "{root}/elsewhere/{}", "left/../../{}"])
def test_names_that_lead_out_of_the_scene(tmp_path, away):
    model = tiny_model(n=9, size=48)
    write_scene(tmp_path / "in", model)
    model.images = [(away.format(name, root=tmp_path), *rest) for name, *rest in model.images]
    write_model(tmp_path / "in" / "sparse" / "0", model, ".txt")
    before = sorted(tmp_path.rglob("*"))
    with (
        pytest.warns(UserWarning, match="9 of 9 files are not where their names say"),
        pytest.raises(DataError, match=r"image '.*view_0.png' .* leads out of the images' folder"),
    ):
        process(Settings("colmap", tmp_path / "in"), tmp_path / "out", say=quiet)
    assert sorted(tmp_path.rglob("*")) == before


def test_without_colmap(tmp_path, monkeypatch, photographs):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"pycolmap is not installed in .*pip install 'jnerf\[capture\]'"
    ):
        process(Settings("images", photographs[0]), tmp_path / "out", say=quiet)
    assert not (tmp_path / "out").exists()


def test_backdrops(tmp_path):
    subject = np.full((60, 80, 3), 255, np.uint8)
    subject[20:40, 20:60] = np.random.default_rng(0).integers(0, 255, (20, 40, 3))
    room = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "plain.png"), subject)
    cv2.imwrite(str(tmp_path / "room.png"), room)
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([subject, 255 * (subject[..., 0] < 255)]))
    found = {
        name: plain_backdrop(tmp_path, [f"{name}.png"] * 3) for name in ("plain", "room", "alpha")
    }
    assert found == {"plain": (1.0, 1.0, 1.0), "room": None, "alpha": None}
