"""What every command on a run takes: a config or run folder, overrides, the folder of the runs, a checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jnerf.config import Config

OVERRIDES = """\
CONFIG is a config's name (jnerf list configs), a path to a .py file, or the folder of a run: its settings, its place.

overrides:
  key.sub=value   value is a Python literal, dict(...), true/false/none, or a bare string.
                  Another type starts its block afresh: give its arguments with it.
"""


def add_run_arguments(parser: argparse.ArgumentParser, positional: bool = True) -> None:
    """Adds them to a command's parser.

    Args:
        parser: of the command.
        positional: the config is the first word; else it is ``--config-file F``, as the programs in ``tools/`` have it.
    """
    add = parser.add_argument
    if positional:
        add("config", metavar="CONFIG", help="name of a config, a .py file, or a run folder")
    else:
        add("--config-file", required=True, metavar="F", dest="config",
            help="config of the run, a .py file")  # fmt: skip
    # With a default, for argparse says of a lone "*" that it is required where the config is what is missing.
    add("overrides", nargs="*", default=[], metavar="key.sub=value", help="override one setting")
    add("--save-dir", "--save_dir", metavar="D", help="folder of the runs (default: save_dir)")
    add("--checkpoint", metavar="PATH", help="checkpoint to load (default: the last good one)")


def load_run_config(options: argparse.Namespace) -> Config:
    """The config that the command line names, with its overrides.

    Of a run folder, ``exp_name`` and ``save_dir`` are those of the place where it lies now, so that it may have been
    moved. ``--save-dir`` becomes the config's ``save_dir``.

    Args:
        options: parsed, of a parser with the run arguments.

    Raises:
        ConfigError: no such config, or it is wrong; says where.
    """
    from jnerf.config import find_config, load_config

    path = find_config(options.config)
    of_run = path == Path(options.config) / "config.py"  # a name may be that of a folder, too
    place = _place(path) if of_run else []
    config = load_config(path, [*place, *options.overrides])
    if options.save_dir is not None:
        config.save_dir = str(options.save_dir)
    return config


def _place(config: Path) -> list[str]:
    """Overrides that make the folder of a run's config.py the run's folder."""
    folder = config.parent if config.parent.name else config.parent.resolve()
    return [f"exp_name={folder.name!r}", f"save_dir={str(folder.parent)!r}"]
