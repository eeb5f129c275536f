"""The library behind the page, which is no part of a plain installation."""

from __future__ import annotations

import importlib
from types import ModuleType

from jnerf.errors import JnerfError


def viser() -> ModuleType:
    """The module ``viser``.

    Raises:
        JnerfError: it is not installed.
    """
    try:
        return importlib.import_module("viser")
    except ImportError as error:
        raise JnerfError(
            f"the viewer needs viser, which is not installed ({error}): pip install 'jnerf[viewer]'"
        ) from error
