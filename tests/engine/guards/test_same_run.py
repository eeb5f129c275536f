"""What of a run's record may be otherwise when its weights are used again, and what may not."""

import json
import shutil
import warnings
from contextlib import nullcontext
from typing import get_args

import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.config import load_config
from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.image.dataset import ImageDataset
from jnerf.engine.guards.judged import judged_with
from jnerf.engine.guards.record import data_line, scene_differences, scene_record
from jnerf.engine.guards.rules import Use, Verdict, verdict
from jnerf.engine.guards.same_run import SameRun, flat_settings
from jnerf.engine.run import run
from jnerf.errors import ConfigError

USES = ("resume", "start", "test", "render", "mesh", "export", "cameras")
SHOWN = USES[3:]
FREE, WARN, REFUSE = Verdict


@pytest.fixture(autouse=True)
def no_warning():
    """A warning that no test waits for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("dataset.scale", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("dataset.offset", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("dataset.aabb_scale", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("dataset.type", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("dataset.holdout", [REFUSE, WARN, REFUSE, WARN, WARN]),
        ("dataset.downscale", [REFUSE, WARN, WARN, WARN, WARN]),
        ("dataset.image_memory", [FREE] * 5),
        ("dataset.cameras.test_steps", [FREE] * 5),
        ("dataset.cameras.mode", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("encoder.pos_encoder.max_resolution", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("network.type", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("network.precision", [WARN] * 5),
        ("encoder.pos_encoder.precision", [WARN] * 5),
        ("encoder.pos_encoder.table_precision", [WARN] * 5),
        ("sampler.cone_angle", [REFUSE, WARN, WARN, WARN, WARN]),
        ("sampler.target_samples", [WARN, WARN, FREE, FREE, FREE]),
        ("renderer.background", [REFUSE, WARN, WARN, WARN, WARN]),
        ("loss.rgb.weight", [WARN, WARN, FREE, FREE, FREE]),
        ("optim.lr", [WARN, WARN, FREE, FREE, FREE]),
        ("ema.decay", [REFUSE, WARN, REFUSE, REFUSE, REFUSE]),
        ("ema.every", [WARN, WARN, FREE, FREE, FREE]),
        *((name, [FREE] * 5) for name in ("total_steps", "log_every", "evaluation", "checkpoint")),
        *((name, [FREE] * 5) for name in ("chunk", "render", "save_dir", "exp_name")),
    ],
)
def test_verdicts(path, expected):
    assert [verdict(path, use) for use in USES[:5]] == expected
    assert {verdict(path, use) for use in SHOWN} == {expected[-1]}


@pytest.mark.parametrize("use", [use for use in get_args(Use) if use != "start"])
def test_every_use_is_refused_in_words(tiny, tmp_path, use):
    assert use in USES
    (tmp_path / "config.py").write_text(tiny().dump())
    same = SameRun(tmp_path, tiny("network.cells=3"), use)
    with pytest.raises(ConfigError, match="cannot .*\n  network.cells: 3 here"):
        same.check_config()


def test_defaults_count_as_written_and_lists_as_tuples():
    tiny = {
        "dataset": dict(type="BlenderDataset", root="x"),
        "optim": dict(type="Adam", betas=[0.9, 0.99]),
    }
    full = {
        "dataset": dict(type="BlenderDataset", root="x", scale=0.33, offset=(0.5, 0.5, 0.5)),
        "optim": dict(type="Adam", betas=(0.9, 0.99)),
    }
    assert flat_settings(tiny) == flat_settings(full)


def test_cameras_that_learn_are_compared_setting_by_setting():
    def flat(**cameras):
        block = dict(type="BlenderDataset", root="x", cameras=dict(type="PoseRefinement", **cameras))
        return flat_settings({"dataset": block})

    told = flat(test_steps=100)
    assert told["dataset.cameras.type"] == "PoseRefinement"
    assert {k for k, v in flat().items() if told[k] != v} == {"dataset.cameras.test_steps"}
    without = flat_settings({"dataset": dict(type="BlenderDataset", root="x")})
    assert without["dataset.cameras.type"] is None and without["dataset.exposure.type"] is None


def test_settings_of_the_test_alone():
    solid = dict(type="MeshDataset", root="x", surface_points=5, volume_points=2**20, scale=0.5)
    config = {"dataset": solid, "network": dict(type="LODDistanceNetwork", lod=2, precision="fp32")}
    assert judged_with(config) == {"dataset.surface_points": 5, "network.lod": 2}
    assert judged_with({"evaluation": dict(fit="none", fit_steps=7, n_images=3)}) == {
        "evaluation.fit_steps": 7
    }
    for path in ("evaluation.fit", "network.lod", "dataset.surface_resolution"):
        assert {verdict(path, use) for use in USES} == {FREE}


@pytest.fixture
def trained(tiny, folder):
    """Runs the tiny run once; then a task with overrides, which nothing may be written for if it is refused."""
    run(tiny(), "train")

    def files():
        paths = [p for p in folder.rglob("*") if p.is_file()]
        return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in paths}

    def go(*overrides, task="train", refused=None):
        config = tiny(*overrides)
        if refused is None:
            return run(config, task, resume=task == "train")
        before = files()
        with pytest.raises(ConfigError, match=refused):
            run(config, task, resume=task == "train")
        assert files() == before

    return go


def test_what_has_nothing_to_do_with_the_weights_may_differ(trained):
    trained(
        "total_steps=14", "log_every=3", "evaluation.n_images=1", "checkpoint.every=2", "chunk=99"
    )
    trained("chunk=64", "evaluation.n_images=1", "total_steps=99", task="test")
    trained("render.n_frames=2", "optim.lr=1.0", "loss.weight=3.0", "n_rays=9", task="render")


def test_a_learning_rate_may_differ_with_a_warning(trained, folder):
    with pytest.warns(
        UserWarning, match=r"not as in the run .*logs/tiny: optim.lr: 2.0 here, 5.0 in"
    ):
        trained("optim.lr=2.0", "total_steps=13")
    assert "lr=2.0" in (folder / "config.py").read_text()
    trained("optim.lr=2.0", "total_steps=14")  # which is the run's own now


@pytest.mark.parametrize("task", ["train", "test", "render"])
def test_settings_that_weights_depend_on(trained, task):
    told = r"logs/tiny cannot .*, since its weights are of other settings:\n  dataset.middle: 0.4 here, 0.5 in the "
    told += "run\n"
    told += r"Use the run's own config \(.*logs/tiny/config.py\), or train with these settings in another"
    trained("dataset.middle=0.4", task=task, refused=told)
    trained("network.cells=3", task=task, refused="network.cells: 3 here, 4 in the run")


def test_the_background(trained):
    trained(
        "renderer.background=none", refused='renderer.background: None here, "random" in the run'
    )
    with pytest.warns(UserWarning, match='renderer.background: None here, "random" in the run'):
        trained("renderer.background=none", task="test")


def test_another_class_is_told_once_without_its_arguments(trained):
    refused = r"settings:\n  sampler.type: \"BlindSampler\" here, \"FakeSampler\" in the run\nUse"
    trained("sampler.type=BlindSampler", refused=refused)


def test_all_that_differs_is_told_at_once(trained):
    refused = r"(?s)dataset.middle: 0.4 here.*network.cells: 3 here"
    trained("network.cells=3", "dataset.middle=0.4", "optim.lr=1.0", refused=refused)


def test_a_checkpoint_of_another_run_to_begin_with(trained, tiny, folder):
    checkpoint = folder / "checkpoints/step_00000012.safetensors"
    with pytest.warns(
        UserWarning, match=r"not as in the run .*logs/tiny: dataset.middle: 0.4 here"
    ):
        config = tiny("exp_name=next", "dataset.middle=0.4", "total_steps=13")
        assert run(config, "train", checkpoint=checkpoint)["step"] == 13


def test_a_checkpoint_of_another_run_to_test(trained, tiny, folder):
    checkpoint = folder / "checkpoints/step_00000012.safetensors"
    with pytest.raises(ConfigError, match=r"the run in .*logs/tiny cannot be tested"):
        run(tiny("exp_name=next", "dataset.middle=0.4"), "test", checkpoint=checkpoint)
    assert not (folder.parent / "next").exists()
    run(tiny("exp_name=next"), "test", checkpoint=checkpoint)


def test_runs_of_before_noted_less(trained, folder):
    info = json.loads((folder / "run.json").read_text())
    for name in ("scene", "data"):
        info.pop(name)
    (folder / "run.json").write_text(json.dumps(info))
    trained("total_steps=13")
    trained("dataset.middle=0.4", refused="dataset.middle: 0.4 here, 0.5 in the run")


def test_without_any_record(trained, folder):
    for name in ("config.py", "run.json"):
        (folder / name).unlink()
    trained("dataset.middle=0.4", task="test")
    trained("total_steps=13", "dataset.middle=0.4")


def test_a_record_that_is_more_than_settings_is_not_executed(trained, folder, tmp_path):
    (folder / "config.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n")
    with pytest.warns(
        UserWarning,
        match=r"config.py cannot be compared with this config \(not only settings: line 1",
    ):
        trained(task="test")
    assert not (tmp_path / "executed").exists()


def test_a_record_may_be_mended(trained, folder):
    text = (folder / "config.py").read_text()
    mended = text.replace('type="FakeDataset"', 'type="FakeDataset", middle=0.4')
    (folder / "config.py").write_text(mended)
    refused = r"the scene has changed .*: other training cameras\n.*remove 'scene' and 'world_to_field' from .*run.json"
    trained("dataset.middle=0.4", refused=rf"(?s){refused}")
    info = json.loads((folder / "run.json").read_text())
    info.pop("scene")
    (folder / "run.json").write_text(json.dumps(info))
    trained("dataset.middle=0.4", task="test")


# Scenes in folders: the folder may be another one, and what lies in it too.


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
