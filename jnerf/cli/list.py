"""``jnerf list``."""

from __future__ import annotations

import argparse

SUMMARY = "list methods, configs and modules, or say all about one"
EXAMPLES = """\
examples:
  jnerf list
  jnerf list configs
  jnerf list configs ngp_lego
  jnerf list methods neus
  jnerf list modules encoder
  jnerf list modules HashGridEncoder
  jnerf list --json

A method is a folder of configs that follow one paper. A config is trained as it is (run), or another derives from it:
_base_ = ["lego", "ngp_base"] takes a scene and a method. Modules are what a config's blocks name as their type; what
NAME says of one are the arguments that its block may have.

exit status: 0 done, 1 failed, 2 wrong name or flag, 130 interrupted
"""
MEND = "Free disk space, or make the file writable."
KINDS = ("methods", "configs", "modules")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of this command."""
    add = parser.add_argument
    add("kind", nargs="?", metavar="methods|configs|modules", help="only these (default: all)")
    add("name", nargs="?", metavar="NAME", help="all about one; of modules, also a family")
    add("--json", action="store_true", help="for programs: all that is known, as JSON")


def execute(options: argparse.Namespace) -> None:
    """Prints the list."""
    from jnerf.catalog.lists import show
    from jnerf.checks.suggest import hint
    from jnerf.errors import ConfigError

    if options.kind is not None and options.kind not in KINDS:
        if options.name is not None:
            raise ConfigError(f"unknown kind '{options.kind}'. {hint(options.kind, KINDS)}")
        options.kind, options.name = None, options.kind  # a name alone, of whatever kind
    kinds = KINDS if options.kind is None else (options.kind,)
    print(show(kinds, options.name, options.json), end="")
