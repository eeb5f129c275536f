"""Tiny runs for the engine's tests."""

from pathlib import Path

import pytest

import jnerf  # noqa: F401  (prepares Jittor before anything imports it)
from jnerf.config import load_config

TINY = Path(__file__).parent / "configs" / "tiny.py"


@pytest.fixture
def tiny(tmp_path):
    """Makes the config of a tiny run in a folder of its own, from overrides."""

    def make(*overrides):
        return load_config(TINY, [f"save_dir={tmp_path}/logs", *overrides])

    return make


@pytest.fixture
def folder(tmp_path):
    """Where a tiny run lands."""
    return tmp_path / "logs" / "tiny"
