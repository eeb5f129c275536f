"""What is wrong with a machine when a compiler or a kernel fails on it: one sentence in place of a page of output."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from jnerf.runtime import home

_LESS_MEMORY = (
    "Let fewer samples go through at once: sampler.target_samples or n_rays in training, chunk for pictures; or end "
    "other programs on this GPU."
)
_FULL = 16 * 2**20  # bytes; a compiler removes what it could not finish


def fault(output: str, cache: Path) -> str:
    """What is wrong with the machine, if that is why a compiler or a kernel failed: one or two sentences, or nothing.

    Args:
        output: what the compiler or Jittor said.
        cache: where it was to write.
    """
    if shutil.disk_usage(cache).free < _FULL or "No space left on device" in output:
        return f"the disk is full where {cache} is. Free half a GiB there, or {home.REMEDY}."
    if "Killed signal terminated program" in output:
        return "the compiler was killed, for want of memory. Close other programs, or add swap."
    if short := re.search(r"out of GPU memory: [^\n\x1b]+", output):  # of jnerf_launch.h
        return f"{short[0]}. {_LESS_MEMORY}"
    if jittors := re.search(r"Unable to alloc cuda device memory for size\W*(\d+)", output):
        return f"out of GPU memory: {jittors[1]} bytes for an array. {_LESS_MEMORY}"
    if "cudaErrorMemoryAllocation" in output:
        return f"out of GPU memory. {_LESS_MEMORY}"
    if library := re.search(r"(/\S+): version `(GLIBCXX_[\d.]+)' not found", output):
        return (
            f"{library[1]} of this Python is older than the compiler's, which wants {library[2]}. In a conda "
            "environment: conda install -c conda-forge gxx (a compiler) or libstdcxx (a newer library)."
        )
    return ""


def explain(error: Exception) -> str:
    """What is behind an error of Jittor's in this process, if it is the machine; else nothing."""
    utils = sys.modules.get("jittor_utils")
    return fault(str(error), Path(utils.cache_path)) if hasattr(utils, "cache_path") else ""
