"""Keeps rendered views between runs, in files named by a fingerprint of all that decides their pixels."""

from __future__ import annotations

import hashlib
import warnings
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.paths import cache_folder
from jnerf.files import write_atomic


class RenderCache:
    """One cached set of images.

    Args:
        parts: arrays that decide the images besides the renderer's own source code.
    """

    def __init__(self, *parts: NDArray) -> None:
        digest = hashlib.sha256()
        for source in sorted(Path(__file__).parent.glob("*.py")):
            digest.update(source.read_bytes())
        for part in parts:
            digest.update(f"{part.dtype.str}{part.shape}".encode() + part.tobytes())
        self.path = cache_folder() / f"procedural_{digest.hexdigest()[:20]}.npz"

    def load(self, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
        """The images, uint8 of this shape, or None if there are none or the file is damaged."""
        try:
            with np.load(self.path, allow_pickle=False) as data:
                images = data["images"]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            warnings.warn(f"{self.path} is damaged and will be made again: {error}", stacklevel=2)
            return None
        return images if images.shape == shape and images.dtype == np.uint8 else None

    def save(self, images: NDArray[np.uint8]) -> None:
        """Writes the images so that no reader ever sees half a file; warns if there is no room for them."""

        def write(path: Path) -> None:
            with path.open("wb") as file:  # of a path NumPy would choose the ending
                np.savez(file, images=images)

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, write)
        except OSError as error:
            warnings.warn(f"the rendered scene is not cached: {error}", stacklevel=2)
