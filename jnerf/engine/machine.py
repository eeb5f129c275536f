"""What a run ran on: versions, git commit, CPU, memory, GPU. A number without these cannot be compared."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2

import jnerf

_PACKAGES = ("jittor", "numpy", "imageio", "safetensors")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that results depend on; "absent" when not installed."""
    # OpenCV comes as one of several packages, and jnerf may run from a checkout without being
    # installed.
    found = {
        "jnerf": jnerf.__version__,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
    }
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def git_state() -> dict[str, Any]:
    """Commit of the source tree and whether it has changes; both None outside a git checkout of jnerf."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():  # installed, perhaps below somebody's own project
        return {"commit": None, "dirty": None}
    commit = _output(["git", "-C", str(root), "rev-parse", "HEAD"])
    changes = _output(["git", "-C", str(root), "status", "--porcelain"])
    return {"commit": commit or None, "dirty": None if changes is None else bool(changes)}


def machine() -> dict[str, Any]:
    """CPU model, usable cores, memory in GiB, GPU in use (None on the CPU), operating system."""
    import jittor as jt

    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = None
    if jt.flags.use_cuda:
        gpu = _output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]) or "CUDA device"
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "memory_gib": round(pages * page / 2**30, 1),
        "gpu": gpu,
        "os": platform.platform(),
    }


def device_name() -> str:
    """The GPU's name, or the CPU's name with its usable cores."""
    info = machine()
    return info["gpu"] or f"{info['cpu']}, {info['cores']} cores"


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _output(command: list[str]) -> str | None:
    """The command's output without surrounding space; None when it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
