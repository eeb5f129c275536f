"""Configs: Python files with ``_base_`` inheritance, overrides and a strict check.

    config = load_config(find_config("ngp_lego"), ["n_rays=1024"])
    config.optim.lr, config["optim"]["lr"]

A child's dict is merged into its base's dict of the same name, key by key, with two exceptions:
``_delete_=True`` in a dict throws the base's dict away, and so does another ``type`` (in schedule
dicts, another ``schedule``), because one class's arguments mean nothing to another.

`load_config` checks the top level; `jnerf.config.check.check` compares every module's block with
its constructor and is what to call before building (it imports the modules, and so Jittor).
"""

from jnerf.config.block import Block, Config
from jnerf.config.find import find_config
from jnerf.config.loading import load_config

__all__ = ["Block", "Config", "find_config", "load_config"]
