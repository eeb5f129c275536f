"""The libraries that meshes need and training does not: imported when first used, with a hint when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from jnerf.errors import JnerfError
from jnerf.mesh.options import MeshOptions

# Modules, and the packages that they come with.
_ALWAYS = ("scipy.sparse", "skimage.measure", "trimesh")
_PACKAGES = {
    "scipy": "scikit-image",
    "skimage": "scikit-image",
    "fast_simplification": "fast-simplification",
    "PIL": "pillow",
}


def needed(options: MeshOptions) -> None:
    """Raises JnerfError for the first library that these options need and that is missing."""
    names = list(_ALWAYS)
    if options.most_faces is not None:
        names.append("fast_simplification")
    if options.texture is not None:
        names += ["xatlas", "PIL.Image"]
    for name in names:
        library(name)


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
        top = name.split(".")[0]
        package = _PACKAGES.get(top, top)
        raise JnerfError(
            f"this needs the library {package}: {name} cannot be imported ({error}). Run: python -m pip install "
            f"{package}, or, for all that meshes need: python -m pip install jnerf[mesh]"
        ) from error
