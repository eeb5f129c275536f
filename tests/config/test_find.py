"""Configs by name, on the command line and as bases."""

from pathlib import Path

import pytest

from jnerf.config import find_config, load_config
from jnerf.config.find import named_configs, projects_folder
from jnerf.errors import ConfigError


def test_every_config_has_a_name_of_its_own():
    folder = projects_folder()
    files = [*folder.glob("*/configs/**/*.py"), *folder.glob("_base_/*.py")]
    assert sorted(named_configs().values()) == sorted(files)
    assert find_config("ngp_lego") == folder / "ngp/configs/ngp_lego.py"


def test_a_name_wins_over_a_folder_and_a_path_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ngp_lego", "mine"):
        Path(name).mkdir()
        Path(name, "config.py").write_text("seed = 3")
    assert find_config("ngp_lego").name == "ngp_lego.py"
    assert find_config("./ngp_lego") == Path("ngp_lego/config.py")
    assert find_config("mine") == Path("mine/config.py")
    assert find_config("mine/config.py") == Path("mine/config.py")
    assert find_config(Path("nowhere.py")) == Path("nowhere.py")


@pytest.mark.parametrize(
    ("name", "messages"),
    [
        ("ngp_leggo", ["unknown config 'ngp_leggo'. Did you mean 'ngp_lego'?", "jnerf list"]),
        ("zzz", ["unknown config 'zzz'. jnerf list configs shows all"]),
        ("logs/leg", ["logs/leg: no such config file or run folder. Did you mean 'lego'? Runs in"]),
        ("a/ngp_lego.py", ["a/ngp_lego.py: no such config file. Did you mean 'ngp_lego', which"]),
        ("nowhere/lego", ["no such config file or run folder. Runs in nowhere: (none)"]),
        (".", ["holds no config.py, so it is no run folder"]),
    ],
)
def test_nothing_of_that_name(tmp_path, monkeypatch, name, messages):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs/lego").mkdir(parents=True)
    (tmp_path / "logs/lego/config.py").write_text("")
    with pytest.raises(ConfigError) as caught:
        find_config(name)
    assert all(message in str(caught.value) for message in messages), caught.value


def test_bases_by_name_from_anywhere(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('_base_ = ["lego", "ngp_base"]\nn_rays = 64\n')
    mine, ours = load_config(path), load_config(find_config("ngp_lego"))
    assert (mine.exp_name, mine.n_rays) == ("mine", 64)
    assert mine.sampler == ours.sampler and mine.dataset == ours.dataset


def test_a_file_beside_the_config_wins_over_a_name(tmp_path):
    (tmp_path / "lego").write_text("seed = 5")
    (tmp_path / "mine.py").write_text('_base_ = "lego"')
    assert load_config(tmp_path / "mine.py").seed == 5


def test_an_unknown_base_is_told_with_its_line(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('\n_base_ = ["lego", "ngp_bas"]')
    with pytest.raises(ConfigError, match=r"mine.py:2: _base_: unknown config 'ngp_bas'. Did you"):
        load_config(path)


def test_a_file_that_is_no_config_is_not_run(tmp_path):
    (tmp_path / "run.json").write_text('{"a": false}')
    with pytest.raises(ConfigError, match="run.json is no config: one is a .py file"):
        find_config(tmp_path / "run.json")
