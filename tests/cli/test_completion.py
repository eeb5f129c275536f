"""What a shell is offered: commands, flags, configs, settings."""

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from jnerf.cli.completion import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def offered(tmp_path):
    """Asks as argcomplete's shell function does; the last word is the one to complete."""

    def ask(line):
        answer = tmp_path / "answer"
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
        }
        code = "import sys; sys.argv = ['jnerf']; from jnerf.cli import main; main()"
        command = [sys.executable, "-c", code]
        subprocess.run(command, cwd=tmp_path, env=environ, timeout=60, check=True)
        return [word.strip() for word in answer.read_text().splitlines()]

    return ask


def test_commands_and_flags(offered):
    assert offered("jnerf tr") == ["train"]
    assert offered("jnerf train --re") == ["--resume"]


def test_configs_and_settings(offered):
    assert {"ngp_lego", "ngp_fast"} <= set(offered("jnerf train ngp_"))
    assert offered("jnerf train ngp_lego sampler.grid") == ["sampler.grid_resolution="]
    assert "optim." in offered("jnerf train ngp_lego opt")


def test_configs_and_settings_of_a_sweep(offered):
    assert {"ngp_lego", "ngp_fast"} <= set(offered("jnerf sweep --config-file ngp_"))
    assert "optim." in settings("opt", Namespace(config_file=["ngp_lego", "nerf_lego"]))
    assert not list(settings("opt", Namespace(config_file=None)))
