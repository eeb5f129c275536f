"""A config by name, path or run folder, with overrides and flags in any order; and how a run folder is placed."""

import shutil
from pathlib import Path

import pytest

from jnerf.cli import main
from jnerf.cli.commands import parser_of
from jnerf.cli.run_arguments import load_run_config
from jnerf.command_line import parse
from jnerf.config import find_config, load_config
from jnerf.errors import ConfigError


def loaded(*words):
    return load_run_config(parse(parser_of("train"), [str(word) for word in words]))


def test_by_name_with_overrides_in_any_order():
    for words in (["ngp_lego", "--resume", "n_rays=64"], ["--resume", "ngp_lego", "n_rays=64"]):
        config = loaded("--save-dir", "out", *words)
        assert (config.exp_name, config.n_rays, config.save_dir) == ("ngp_lego", 64, "out")


def test_overrides_behind_a_flag_that_takes_several_words():
    words = "logs/a --channels color depth n_rays=64 --format png render.fps=5 --background 1 1 1 chunk=9"
    options = parse(parser_of("render"), words.split())
    assert sorted(options.overrides) == ["chunk=9", "n_rays=64", "render.fps=5"]
    assert (options.channels, options.format) == (["color", "depth"], ["png"])
    assert options.background == ["1", "1", "1"]


@pytest.fixture
def run_folder(tmp_path):
    """A folder with a config.py as a run leaves it, named and placed as it was not when it was written."""
    folder = tmp_path / "moved" / "other"
    folder.mkdir(parents=True)
    config = load_config(find_config("ngp_lego"), ["save_dir=logs", "n_rays=32"])
    (folder / "config.py").write_text(config.dump())
    return folder


def test_a_run_folder_is_its_place(run_folder, monkeypatch):
    config = loaded(run_folder)
    assert (config.exp_name, config.n_rays) == ("other", 32)
    assert Path(config.save_dir) == run_folder.parent
    monkeypatch.chdir(run_folder)
    config = loaded(".")
    assert (config.exp_name, Path(config.save_dir).resolve()) == ("other", run_folder.parent)


def test_a_name_is_no_run_where_a_folder_has_it_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("ngp_lego").mkdir()
    config = loaded("ngp_lego")
    assert (config.exp_name, config.save_dir) == ("ngp_lego", "logs")


def test_overrides_and_flags_overrule_the_place(run_folder):
    assert loaded(run_folder, "exp_name=third").exp_name == "third"
    assert loaded(run_folder, "--save-dir", "there").save_dir == "there"


def test_looking_at_a_config(run_folder, capsys):
    assert main(["train", "ngp_lego", "--diff", str(run_folder)]) == 0
    assert "n_rays: 4096 -> 32" in capsys.readouterr().out
    shutil.rmtree(run_folder)
    assert main(["train", str(run_folder), "--check"]) == 2
    assert "no such config file or run folder" in capsys.readouterr().err


def test_no_such_name():
    with pytest.raises(ConfigError, match="Did you mean 'neus_scan24'"):
        loaded("neus_scn24")
