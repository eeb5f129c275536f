"""oneDNN for Jittor's CPU matmul and convolution, from its PyPI wheels instead of a download.

Jittor looks for exactly one folder, ``<home>/.cache/jittor/mkl/dnnl_lnx_2.2.0_cpu_gomp``, and downloads it when it
is not there. The wheels ``onednn-cpu-gomp`` and ``onednn-devel-cpu-gomp`` 2022.2.1 (oneDNN 2.6) and Debian's
``libdnnl-dev`` hold the same library; symbolic links put it in place. oneDNN 3 lacks symbols that Jittor needs.
"""

from __future__ import annotations

import os
import re
import site
import sys
from dataclasses import dataclass
from pathlib import Path

_FOLDER = ".cache/jittor/mkl/dnnl_lnx_2.2.0_cpu_gomp"


@dataclass(frozen=True)
class OneDnn:
    """A usable oneDNN 2: folder with ``dnnl.h`` and the shared library file."""

    include: Path
    library: Path


def placed(home: Path) -> bool:
    """Whether Jittor, whose home folder is ``home``, finds oneDNN without a download."""
    return (home / _FOLDER / "lib" / "libmkldnn.so").is_file() and (
        home / _FOLDER / "include" / "dnnl.h"
    ).is_file()


def find() -> OneDnn | None:
    """The oneDNN 2 of this Python's wheels, of the user's site folder, or of the system."""
    for root in _roots():
        include = root / "include"
        for library in (
            root / "lib" / "libdnnl.so.2",
            root / "lib" / "x86_64-linux-gnu" / "libdnnl.so.2",
        ):
            if library.is_file() and (include / "dnnl.h").is_file() and _major(include) == 2:
                return OneDnn(include, library)
    return None


def _roots() -> list[Path]:
    prefixes = [sys.prefix, site.getuserbase(), sys.base_prefix, "/usr"]
    return [Path(prefix) for prefix in dict.fromkeys(prefixes)]


def _major(include: Path) -> int | None:
    for header in (include / "oneapi" / "dnnl" / "dnnl_version.h", include / "dnnl_version.h"):
        match = (
            re.search(r"DNNL_VERSION_MAJOR\s+(\d+)", header.read_text())
            if header.is_file()
            else None
        )
        if match:
            return int(match[1])
    return None


def place(found: OneDnn, home: Path) -> None:
    """Links ``found`` to where Jittor looks; a working library that lies there already stays.

    Raises:
        OSError: the folder cannot be written.
    """
    if placed(home):
        return
    target = home / _FOLDER
    (target / "lib").mkdir(parents=True, exist_ok=True)
    _link(found.include, target / "include")
    _link(found.library, target / "lib" / "libdnnl.so.2")
    _link(
        Path("libdnnl.so.2"), target / "lib" / "libmkldnn.so"
    )  # last: this file is what Jittor checks for


def _link(source: Path, link: Path) -> None:
    """Makes or replaces a symbolic link in one step, so that a second process never meets a half-made folder."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.symlink_to(source)
    os.replace(temporary, link)
