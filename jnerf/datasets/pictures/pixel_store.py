"""Room for decoded pixels: in memory, or past a budget in a file on disk that is mapped into memory."""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.paths import cache_folder
from jnerf.errors import DataError

_GIB = 2**30
_CGROUP = Path("/sys/fs/cgroup")


def pixel_block(n: int, max_gib: float | None = None) -> NDArray[np.uint32]:
    """Room for ``n`` RGBA pixels, uint32 [n].

    Beyond the budget it lies in a file in ``$XDG_CACHE_HOME/jnerf`` (``~/.cache/jnerf``). The file has no name any
    more when this returns: its space is free again when the process ends, however it ends.

    Args:
        n: pixels.
        max_gib: the most to hold in memory, GiB; None is half of what is free.

    Raises:
        DataError: there is not enough room on the disk either, or the folder cannot be written.
    """
    return byte_block(4 * n, max_gib, "raise dataset.downscale").view(np.uint32)


def byte_block(
    size: int, max_gib: float | None = None, mend: str = "take a smaller picture"
) -> NDArray[np.uint8]:
    """Room for ``size`` bytes, uint8 [size]; see :func:`pixel_block`.

    Args:
        size: bytes.
        max_gib: the most to hold in memory, GiB; None is half of what is free.
        mend: what else to do where there is no room.

    Raises:
        DataError: as ``pixel_block``.
    """
    budget = free_memory() // 2 if max_gib is None else int(max_gib * _GIB)
    if size <= budget:
        return np.empty(size, np.uint8)
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix="pixels_", dir=folder) as file:
            # Takes the space now: a write through the map to a full disk would kill the process.
            os.posix_fallocate(file.fileno(), 0, size)
            mapped = mmap.mmap(file.fileno(), size)
            if hasattr(mmap, "MADV_RANDOM"):  # else each pixel drawn would read 128 KiB around it
                mapped.madvise(mmap.MADV_RANDOM)
            return np.frombuffer(mapped, np.uint8)
    except OSError as error:
        raise DataError(
            f"the scene's images need {size / _GIB:.3g} GiB, more than the {budget / _GIB:.3g} GiB of memory they "
            f"may take, and cannot be put into a file in {folder}: {error.strerror or error}. Make room there, "
            f"set XDG_CACHE_HOME to a folder on another disk, or {mend}"
        ) from error


def free_memory() -> int:
    """Bytes of memory that this process may still take: of the machine, and of its container."""
    found = [_available()]
    for folder, limit, used in (
        (_CGROUP, "memory.max", "memory.current"),
        (_CGROUP / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        try:
            taken = int((folder / used).read_text()) - _cached(folder / "memory.stat")
            found.append(int((folder / limit).read_text()) - taken)
        except (OSError, ValueError):  # no such file, or "max": no limit
            continue
    return max(0, min(found))


def _cached(stat: Path) -> int:
    """Bytes of files that a container holds in memory and would give up."""
    rows = dict(line.split(maxsplit=1) for line in stat.read_text().splitlines())
    return int(rows.get("inactive_file", 0)) + int(rows.get("active_file", 0))


def _available() -> int:
    """What the kernel says could be had without swapping; of all memory where it says nothing."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
