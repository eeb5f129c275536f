"""The libraries that meshes need and training does not: imported when first used, with a hint when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from jnerf.errors import JnerfError

NEEDED = ("scipy.sparse", "skimage.measure", "trimesh")


def library(name: str) -> Any:
    """A module of a library.

    Args:
        name: dotted name.

    Raises:
        JnerfError: it cannot be imported; says what to install.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise JnerfError(
            f"meshes need scikit-image and trimesh, and {name} cannot be imported ({error}). "
            "Run: python -m pip install scikit-image trimesh"
        ) from error
