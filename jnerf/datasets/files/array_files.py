"""NumPy's files, which may be truncated, damaged or something else."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import DataError

# What NumPy and zipfile raise of damaged files.
_BROKEN = (
    ValueError, TypeError, LookupError, EOFError, NotImplementedError, RuntimeError, SyntaxError, MemoryError,
    OverflowError, tokenize.TokenError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def load_array(path: Path, mapped: bool = False) -> NDArray:
    """The array of a ``.npy`` file.

    Args:
        path: the file.
        mapped: leave it in its file, to be read where it is looked at.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it cannot be read, or holds no array.
    """
    found = _load(path, "r" if mapped else None)
    if not isinstance(found, np.ndarray):
        raise DataError(f"{path} holds several arrays, expected one: save it with numpy.save")
    return found


def load_arrays(path: Path) -> dict[str, NDArray]:
    """The arrays of a ``.npz`` file, by name.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it cannot be read, or is no such archive.
    """
    found = _load(path, None)
    if not isinstance(found, dict):
        raise DataError(f"{path} holds one array, expected an archive of several: use numpy.savez")
    return found


def _load(path: Path, mode: Any) -> Any:
    """An array, or a dict of arrays."""
    try:
        found = np.load(path, mmap_mode=mode, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            return dict(found)
    except FileNotFoundError:
        raise
    except (OSError, *_BROKEN) as error:
        said = f"{type(error).__name__}: {error}"
        raise DataError(
            f"{path} cannot be read: {said:.300}. Copy or make the file again"
        ) from None
