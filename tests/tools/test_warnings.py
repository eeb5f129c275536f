"""Warnings under a command are one line each, once."""

import warnings

from jnerf.command_line import exit_status


def warn_of_splits() -> None:
    for split in ("train", "test"):
        for message in ("scene.json: 9 files found", f"split {split}"):
            with (
                warnings.catch_warnings()
            ):  # somebody below does this, and Python forgets what it has told
                pass
            warnings.warn(message, stacklevel=1)


def test_each_text_once(capsys):
    for _ in range(2):  # another command tells them again
        assert exit_status(warn_of_splits, "") == 0
        lines = capsys.readouterr().err.splitlines()
        assert lines == [
            "warning: scene.json: 9 files found",
            "warning: split train",
            "warning: split test",
        ]
