"""How much memory this process has taken at most."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from pathlib import Path


def peak_memory_gib() -> float:
    """Largest resident size of this process so far, GiB.

    Linux: ``VmHWM``, because ``getrusage`` also counts what the parent had taken when it started this process.
    """
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    kib = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib / 2**20


def gpu_memory_gib() -> float | None:
    """GPU memory that this process holds now, GiB; Jittor's pool does not shrink in training. None on the CPU."""
    import jittor as jt

    if not jt.flags.use_cuda:
        return None
    query = ["nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        text = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [line.split(",") for line in text.splitlines() if line.count(",") == 1]
    mine = [float(used) for pid, used in rows if pid.strip() == str(os.getpid())]
    return sum(mine) / 2**10 if mine else None
