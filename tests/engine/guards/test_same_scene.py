"""What of a scene may be otherwise when weights that were trained on it are used again, and what may not."""

import json
import shutil
from contextlib import nullcontext

import numpy as np
import pytest
from scenes import make_tiny_blender
from uses import SHOWN, USES, no_warning  # noqa: F401

from jnerf.config import load_config
from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.image.dataset import ImageDataset
from jnerf.engine.guards.record import data_line, scene_differences, scene_record
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.run import run
from jnerf.errors import ConfigError


@pytest.fixture
def scene(tmp_path):
    return make_tiny_blender(tmp_path / "scene")


@pytest.fixture
def compare(tmp_path, scene):
    """Notes a run on ``scene``, then compares it with a dataset block."""
    root = tmp_path / "run"

    def config(**block):
        (tmp_path / "c.py").write_text(f"dataset = dict(type='BlenderDataset', **{block!r})")
        return load_config(tmp_path / "c.py")

    def dataset(block):
        return BlenderDataset(**{k: v for k, v in block.items() if k != "type"})

    root.mkdir()
    first = config(root=str(scene))
    (root / "config.py").write_text(first.dump())
    built = dataset(first.dataset)
    noted = {"world_to_field": built.transform.to_dict(), "scene": scene_record(built, str(scene))}
    (root / "run.json").write_text(json.dumps(noted))

    def go(use, noted=True, **block):
        if not noted:
            (root / "run.json").write_text("{}")
        now = config(**block)
        same = SameRun(root, now, use)
        same.check_config()
        same.check_scene(dataset(now.dataset))

    return go


@pytest.mark.parametrize("use", USES)
def test_the_same_scene(compare, scene, use, monkeypatch):
    compare(use, root=str(scene))
    monkeypatch.setenv("JNERF_DATA", str(scene.parent))
    compare(use, root="scene")  # by another name
    compare(use, root=str(scene), image_memory=1.0)


@pytest.mark.parametrize("use", USES)
def test_a_copy_of_the_scene(compare, scene, use, tmp_path):
    shutil.copytree(scene, tmp_path / "copy")
    with pytest.warns(
        UserWarning,
        match="dataset.root: .*/copy.* here, .*/scene.* in the run; cameras and first pic",
    ):
        compare(use, root=str(tmp_path / "copy"))


def test_a_scene_that_has_been_moved(compare, scene, tmp_path):
    scene.rename(tmp_path / "moved")
    with pytest.warns(UserWarning, match="counts as a copy"):
        compare("resume", root=str(tmp_path / "moved"))


@pytest.mark.parametrize("use", ["resume", "test", *SHOWN])
@pytest.mark.parametrize(
    ("n", "brightness", "found"), [(5, 1, "5 training images, 4 then"), (4, 0.3, "another first")]
)
def test_another_scene(compare, use, tmp_path, n, brightness, found, monkeypatch):
    import scenes

    real = scenes.ball_image
    shade = np.array([brightness] * 3 + [1])
    monkeypatch.setattr(scenes, "ball_image", lambda *a: (real(*a) * shade).astype(np.uint8))
    make_tiny_blender(tmp_path / "other", n=n)
    with pytest.raises(
        ConfigError, match=f"dataset.root: .*/other.* here, .*/scene.* in the run: .*{found}"
    ):
        compare(use, root=str(tmp_path / "other"))


@pytest.mark.parametrize(
    ("use", "refused"), [("resume", True), ("test", True), *((use, False) for use in SHOWN)]
)
def test_another_folder_than_a_run_of_before_had(compare, scene, use, refused, tmp_path):
    shutil.copytree(scene, tmp_path / "copy")
    told = "dataset.root: .*/copy.* here, .*/scene.* in the run"
    with (
        pytest.raises(ConfigError, match=told) if refused else pytest.warns(UserWarning, match=told)
    ):
        compare(use, noted=False, root=str(tmp_path / "copy"))


@pytest.mark.parametrize("use", USES)
def test_a_scene_that_has_changed(compare, scene, use):
    make_tiny_blender(scene, n=5)  # another photograph, all other things alike
    told = "5 training images, 4 then"
    with (
        pytest.raises(ConfigError, match=told)
        if use == "resume"
        else pytest.warns(UserWarning, match=told)
    ):
        compare(use, root=str(scene))


@pytest.mark.parametrize("use", USES)
def test_a_scene_in_another_place_of_the_field(compare, scene, use, tmp_path):
    """Its place then is noted: there meshes and what is exported are put."""
    path = tmp_path / "run" / "run.json"
    info = json.loads(path.read_text())
    info["world_to_field"]["scale"] *= 2
    path.write_text(json.dumps(info))
    told = "another place in the field"
    with {
        "start": pytest.warns(UserWarning, match=told),
        "mesh": nullcontext(),
        "export": nullcontext(),
    }.get(use, pytest.raises(ConfigError, match=told)):
        compare(use, root=str(scene))


def test_cameras_of_another_focal_length(compare, scene):
    path = scene / "transforms_train.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "camera_angle_x": 0.8}))
    with pytest.raises(ConfigError, match="training cameras of another focal length"):
        compare("resume", root=str(scene))


def test_lengths_are_compared_as_shares_of_the_box():
    noted = {"n_images": 4, "aabb": [0, 0, 0, 8, 8, 8], "pose": np.zeros((3, 4)).tolist()}
    assert not scene_differences(noted, noted | {"pose": np.full((3, 4), 7e-3).tolist()})
    assert scene_differences(noted, noted | {"pose": np.full((3, 4), 9e-3).tolist()}) == [
        "other training cameras"
    ]
    assert not scene_differences({}, noted)


def test_what_is_used_and_left_out(tiny, folder, capsys):
    run(tiny("total_steps=1"), "train")
    info = json.loads((folder / "run.json").read_text())
    assert (
        info["data"]["training"] == {"n_images": 6, "resolution": "16x16"} == info["data"]["test"]
    )
    assert info["scene"]["n_images"] == 6 and info["scene"]["root"] is None
    assert capsys.readouterr().out.startswith(
        "training: 6 images, resolution 16x16; test: 6 images, "
    )
    counted = {
        "n_images": 1200,
        "dropped": {"no file": 2, "no pose": 1},
        "n_cameras": 1,
        "source": "sparse/0",
        "x": {},
    }
    told = "training: 1,200 images, 1 camera, source sparse/0, dropped: 2 (no file), 1 (no pose)"
    assert data_line({"training": counted}) == told


def test_weights_of_one_picture_are_not_taken_for_another(tmp_path):
    """A picture has no cameras: what it shows tells it from others; a copy of it is the same."""
    colors = np.random.default_rng(0).integers(0, 256, (300, 20, 3), dtype=np.uint8)
    for name, pixels in (("a", colors), ("copy", colors), ("b", colors[::-1] // 2)):
        np.save(tmp_path / f"{name}.npy", pixels)

    def noted(name):
        root = str(tmp_path / f"{name}.npy")
        return scene_record(ImageDataset(root), root)

    a = noted("a")
    assert a["root"] == str((tmp_path / "a.npy").resolve())
    assert scene_differences(a, noted("copy")) == []
    assert scene_differences(a, noted("b")) == ["another first picture"]
