"""What of a run's record may be otherwise when its weights are used again, and what may not."""

import json
from typing import get_args

import pytest
from uses import SHOWN, USES, no_warning  # noqa: F401

from jnerf.engine.guards.judged import judged_with
from jnerf.engine.guards.rules import Use, Verdict, verdict
from jnerf.engine.guards.same_run import SameRun, flat_settings
from jnerf.engine.run import run
from jnerf.errors import ConfigError

FREE, WARN, REFUSE = Verdict


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
