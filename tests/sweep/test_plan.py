"""The cross product of methods, scenes and settings."""

import pytest

from jnerf.errors import ConfigError
from jnerf.sweep.job import train_words
from jnerf.sweep.plan import make_plan


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text('dataset = dict(type="ProceduralDataset")\n')
    return ["one.py", "two.py"]


def test_every_method_on_every_scene_with_every_setting(scenes, tmp_path):
    files = ["ngp_embedded", "nerfacto_embedded"]
    plan = make_plan(files, scenes, ["seed=1,2", "total_steps=5"], tmp_path / "out")
    assert [run.name for run in plan.runs] == [
        f"{method}-{scene}-seed_{seed}"
        for scene in ("one", "two")
        for method in files
        for seed in (1, 2)
    ]
    run = plan.runs[1]
    assert (run.method, run.scene, run.variant, run.seed) == ("ngp_embedded", "one", "", 2)
    assert (run.total_steps, run.row, run.tested) == (5, "ngp_embedded", True)
    config = plan.configs[run.name]
    assert (config.seed, config.save_dir, config.exp_name) == (2, str(tmp_path / "out"), run.name)


def test_a_row_of_the_table_is_a_method_with_its_settings(scenes, tmp_path):
    plan = make_plan(["ngp_embedded"], scenes[:1], ["optim.lr=1e-2,1e-3", "seed=1,2"], tmp_path)
    assert list(dict.fromkeys(run.row for run in plan.runs)) == [
        "ngp_embedded, optim.lr=0.01",
        "ngp_embedded, optim.lr=0.001",
    ]


def test_names_stay_when_a_sweep_grows(scenes, tmp_path):
    small = make_plan(["ngp_embedded"], scenes[:1], ["seed=1,2"], tmp_path)
    large = make_plan(["nerfacto_embedded", "ngp_embedded"], scenes, ["seed=3,2,1"], tmp_path)
    assert {run.name for run in small.runs} < {run.name for run in large.runs}


def test_the_command_of_a_run_is_that_of_jnerf_train(scenes, tmp_path):
    (run,) = make_plan(["ngp_embedded"], scenes[:1], ["n_rays=64"], tmp_path).runs
    assert train_words(run, tmp_path) == [
        "train",
        "ngp_embedded",
        'dataset=dict(type="ProceduralDataset")',
        "n_rays=64",
        "exp_name=ngp_embedded-one",
        "--save-dir",
        str(tmp_path),
        "--resume",
    ]


def test_without_scenes_each_config_has_its_own(tmp_path):
    plan = make_plan(["ngp_embedded", "ngp_lego"], [], [], tmp_path)
    assert [run.name for run in plan.runs] == ["ngp_embedded-embedded", "ngp_lego-lego"]


def test_a_table_needs_a_test_unless_it_is_asked_not_to_have_one(scenes, tmp_path):
    (tmp_path / "mine.py").write_text('_base_ = "ngp_embedded"\nevaluation = dict(at_end=False)\n')
    (run,) = make_plan(["mine.py"], scenes[:1], [], tmp_path).runs
    assert run.tested and run.overrides[-1] == "evaluation.at_end=True"
    assert run.config == str(tmp_path / "mine.py")  # a worker may have another working directory
    (run,) = make_plan(["mine.py"], scenes[:1], ["evaluation.at_end=false"], tmp_path).runs
    assert not run.tested


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        (["ngp_embedded", "ngp_embedded"], [], "both called ngp_embedded in a table"),
        (["ngp_embeded"], [], "Did you mean 'ngp_embedded'"),
        (["ngp_embedded"], ["sampler.n_samples=8"], "unknown argument of OccupancySampler"),
        (["ngp_embedded"], ["optim.lr=1e-2,fast"], "optim.lr"),
    ],
)
def test_mistakes_are_found_before_anything_trains(scenes, tmp_path, files, words, said):
    with pytest.raises(ConfigError, match=said):
        make_plan(files, scenes, words, tmp_path)


def test_two_scenes_of_one_name(scenes, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.py").write_text(
        'dataset = dict(type="ProceduralDataset", n_train=4)\n'
    )
    with pytest.raises(ConfigError, match="two runs would be called ngp_embedded-one"):
        make_plan(["ngp_embedded"], ["one.py", "more/one.py"], [], tmp_path)
