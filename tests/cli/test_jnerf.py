"""The command ``jnerf``: its table, its help, its mistakes; what a command does is tested beside it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import jnerf
from jnerf.cli import commands, main

ROOT = Path(__file__).resolve().parents[2]


def python(*words, cwd):
    """Runs Python elsewhere, with this jnerf."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=environ, capture_output=True, text=True, timeout=60
    )


def test_help_lists_every_command_in_a_line(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in commands.names():
        module = commands.load(name)
        assert f"\n  {name:10} {module.SUMMARY}\n" in shown
        assert "\n" not in module.SUMMARY and len(module.SUMMARY) < 90
    assert main([]) == 2
    assert capsys.readouterr().out == shown


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"jnerf {jnerf.__version__}\n"


@pytest.mark.parametrize("name", commands.names())
def test_help_of_every_command_has_examples_and_exit_statuses(name, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["help", name])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: jnerf {name}")
    assert f"examples:\n  jnerf {name}" in shown and "exit status: 0 " in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian", "ngp_lego"], "unknown command 'trian'. Did you mean 'train'? Valid: train, "),
        (["--config-file", "x"], "unknown flag '--config-file'."),
    ],
)
def test_unknown_commands(words, message, capsys):
    assert main(words) == 2
    assert message in capsys.readouterr().err


def test_the_current_folder_has_been_removed(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["list", "configs"]) == 1
    assert "error: the current folder has been removed. cd to" in capsys.readouterr().err


def test_a_word_too_many_is_no_flag(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["report", "logs/a", "logs/b"])
    assert stopped.value.code == 2
    assert "one word too many: logs/b. jnerf report --help" in capsys.readouterr().err


def test_an_unknown_flag_names_the_nearest(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "ngp_lego", "--resum"])
    assert caught.value.code == 2
    assert "unknown flag --resum. Did you mean --resume?" in capsys.readouterr().err


def test_every_module_with_a_summary_is_a_command():
    folder = Path(commands.__file__).parent
    found = {path.stem for path in folder.glob("*.py") if "\nSUMMARY = " in path.read_text()}
    assert found == set(commands.names())


def test_no_config(capsys):
    with pytest.raises(SystemExit):
        main(["train"])
    assert capsys.readouterr().err.endswith("the following arguments are required: CONFIG\n")


def test_a_command_that_is_not_there_does_not_break_the_others(monkeypatch, capsys):
    monkeypatch.setattr(commands, "NAMES", (*commands.NAMES, "fly"))
    assert main(["--help"]) == 0
    assert "fly" not in capsys.readouterr().out
    assert main(["fly"]) == 2


def test_help_needs_no_package_beside_jnerf(tmp_path):
    """Not even NumPy: help and the doctor are what is left on a machine where nothing is installed."""
    code = (
        "import sys; from jnerf.cli import commands, main\n"
        "main(['--help'])\n"
        "for name in commands.names():\n"
        "    commands.load(name)\n"
        "print([name for name in ('numpy', 'jittor', 'cv2', 'tqdm') if name in sys.modules])"
    )
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_python_m_jnerf(tmp_path):
    done = python("-m", "jnerf", "list", "configs", "ngp_lego", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Instant-NGP on lego")


@pytest.mark.parametrize(
    "words, message",
    [
        (["--picture", "a.png"], "name one with --data SCENE"),
        (["--data", "embedded", "--picture", "a.txt"], "name a file that ends in .png"),
        (["--data", "embedded", "--picture", "/proc/version/a.png"], "--picture"),
    ],
)
def test_where_the_doctor_draws_is_asked_before_it_looks(words, message, capsys):
    assert main(["doctor", *words]) == 2
    assert message in capsys.readouterr().err
