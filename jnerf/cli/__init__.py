"""The command ``jnerf``: one module per command, imported when it is asked for; ``commands.py`` has their order."""

from jnerf.cli.program import main

__all__ = ["main"]
