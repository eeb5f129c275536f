"""What there is of NVIDIA's driver and toolkit, found without Jittor and without a CUDA context."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76  # CUdevice_attribute


@dataclass(frozen=True)
class Gpu:
    """One CUDA device: its name and compute capability times ten (90 for an H100)."""

    name: str
    capability: int


@dataclass(frozen=True)
class Driver:
    """The driver's own CUDA version and its devices; ``fault`` says why there is none that works."""

    version: tuple[int, int] | None = None
    gpus: tuple[Gpu, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Toolkit:
    """One installed CUDA toolkit.

    ``nvcc`` is the binary inside it: Jittor derives the folders of headers and libraries from that path, so a
    wrapper script elsewhere on PATH must not be handed over.
    """

    nvcc: str
    version: tuple[int, int]
    missing: tuple[str, ...] = ()
    """Headers and libraries that Jittor wants and the toolkit lacks."""


#: The oldest toolkit with what ops ask of it: stream-ordered memory, and C++17.
OLDEST_TOOLKIT = (11, 2)
#: The first toolkit that knows what is beyond this compute capability, unless it has one of its own.
_FIRST_BEYOND = ((90, (12, 8)), (86, (11, 8)))
_FIRST = {103: (12, 9), 110: (13, 0), 121: (12, 9)}
_LEFT_OUT = (75, (13, 0))  # what is older than this capability is unknown to this toolkit and those after it


def toolkit_fault(toolkit: Toolkit, gpus: Sequence[Gpu]) -> tuple[str, str]:
    """Why a toolkit cannot compile for these GPUs, and what would; both "" if it can.

    >>> toolkit_fault(Toolkit("/opt/cuda/bin/nvcc", (12, 4)), [Gpu("RTX 5090", 120)])
    ('CUDA 12.4 at /opt/cuda/bin/nvcc does not know RTX 5090 (sm_120)', 'install CUDA 12.8 or newer')
    """
    at = "CUDA {}.{} at {}".format(*toolkit.version, toolkit.nvcc)
    newer = "install CUDA {}.{} or newer"
    if toolkit.version < OLDEST_TOOLKIT:
        return f"{at} is too old", newer.format(*OLDEST_TOOLKIT)
    for gpu in gpus:
        told = f"{at} does not know {gpu.name} (sm_{gpu.capability})"
        beyond = (first for edge, first in _FIRST_BEYOND if gpu.capability > edge)
        first = _FIRST.get(gpu.capability) or next(beyond, OLDEST_TOOLKIT)
        if toolkit.version < first:
            return told, newer.format(*first)
        if gpu.capability < _LEFT_OUT[0] and toolkit.version >= _LEFT_OUT[1]:
            return told, "install a CUDA toolkit older than {}.{}".format(*_LEFT_OUT[1])
    return "", ""


def probe_driver(library: str = "libcuda.so.1") -> Driver:
    """Asks the driver for its devices: loads it, ``cuInit``, ``cuDeviceGetCount``.

    Args:
        library: file name of the driver's library; a test hands in another one.
    """
    try:
        cuda = ctypes.CDLL(library)
    except OSError as error:
        return Driver(fault=f"no CUDA driver ({error})")
    status = cuda.cuInit(0)
    if status != 0:
        return Driver(fault=f"the CUDA driver is installed but cuInit returns error {status}")
    number = ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(number))
    version = (number.value // 1000, number.value % 1000 // 10)
    count = ctypes.c_int()
    if cuda.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return Driver(
            version=version, fault="the CUDA driver works but shows no GPU (CUDA_VISIBLE_DEVICES?)"
        )
    return Driver(version=version, gpus=tuple(_gpu(cuda, i) for i in range(count.value)))


def _gpu(cuda: ctypes.CDLL, index: int) -> Gpu:
    handle, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGet(ctypes.byref(handle), index)
    cuda.cuDeviceGetAttribute(ctypes.byref(major), _CAPABILITY_MAJOR, handle)
    cuda.cuDeviceGetAttribute(ctypes.byref(minor), _CAPABILITY_MINOR, handle)
    name = ctypes.create_string_buffer(256)
    cuda.cuDeviceGetName(name, 256, handle)
    return Gpu(name=name.value.decode(errors="replace"), capability=10 * major.value + minor.value)


def find_toolkit(environ: Mapping[str, str]) -> Toolkit | None:
    """The toolkit of ``nvcc_path``, ``CUDA_HOME``/``CUDA_PATH``, PATH or a usual folder, in this order."""
    for nvcc in _candidates(environ):
        real = _inside_toolkit(nvcc)
        version = _version(real) if real else None
        if real and version:
            return Toolkit(nvcc=real, version=version, missing=_missing(real))
    return None


def _candidates(environ: Mapping[str, str]) -> list[str]:
    if environ.get("nvcc_path"):
        return [environ["nvcc_path"]]
    homes = [environ[key] for key in ("CUDA_HOME", "CUDA_PATH") if environ.get(key)]
    found = [os.path.join(home, "bin", "nvcc") for home in homes]
    on_path = shutil.which("nvcc", path=environ.get("PATH"))
    found += [on_path] if on_path else []
    return found + ["/usr/local/cuda/bin/nvcc", "/opt/cuda/bin/nvcc", "/usr/bin/nvcc"]


def _inside_toolkit(nvcc: str) -> str | None:
    """``nvcc`` if headers lie beside it (symlinks followed), which a wrapper script fails."""
    for path in (nvcc, os.path.realpath(nvcc)):
        home = Path(path).parent.parent
        if os.access(path, os.X_OK) and (home / "include" / "cuda_runtime.h").is_file():
            return path
    return None


def _version(nvcc: str) -> tuple[int, int] | None:
    try:
        text = subprocess.run(
            [nvcc, "--version"], capture_output=True, text=True, timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"release (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _missing(nvcc: str) -> tuple[str, ...]:
    home = Path(nvcc).parent.parent
    headers = [
        home / "include",
        home / "targets" / "x86_64-linux" / "include",
        Path("/usr/include"),
    ]
    libraries = [home / "lib64", home / "lib", home / "targets" / "x86_64-linux" / "lib"]
    libraries.append(Path("/usr/lib/x86_64-linux-gnu"))
    wanted = [("npp.h", headers), ("cublas.h", headers), ("curand.h", headers)]
    wanted += [(f"lib{name}.so", libraries) for name in ("cudart", "cublas", "curand")]
    return tuple(name for name, folders in wanted if not any((f / name).exists() for f in folders))
