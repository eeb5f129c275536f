"""The project's CUDA kernels as functions on NumPy arrays: compiled for the CPU by the folder ``cuda_on_host``."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER, OPS = ROOT / "cuda_on_host", ROOT.parent / "jnerf" / "ops"
#: Library -> its source and the architecture that the kernels believe to be compiled for.
LIBRARIES = {
    "field_mlp": ("field_mlp", 900),
    "mlp": ("mlp", 900),
    "mlp_75": ("mlp", 750),
    "hash_encode": ("hash_encode", 900),
    "hash_encode_75": ("hash_encode", 750),
    "halved": ("halved", 900),
    "halved_75": ("halved", 750),
    "rays": ("rays", 900),
    "batch": ("batch", 900),
    "multisample": ("multisample", 900),
    "multisample_75": ("multisample", 750),
    "steps": ("steps", 900),
    "elementwise": ("elementwise", 900),
    "voxels": ("voxels", 900),
    "octree": ("octree", 900),
    "planes": ("planes", 900),
    "planes_75": ("planes", 750),
    "factors": ("factors", 900),
    "sums": ("sums", 900),
    "points": ("points", 900),
    "surfaces": ("surfaces", 900),
    "machine": ("machine", 900),
}
_FLAGS = (
    "-std=c++17 -O1 -fPIC -shared -U_FORTIFY_SOURCE -Wall -Werror -Wno-unknown-pragmas -Wno-unused"
)


class Library:
    """One compiled source; its functions take arrays, integers (int64) and floats (float32)."""

    def __init__(self, path: Path) -> None:
        self._path, self._library = path, ctypes.CDLL(str(path))

    def play(self, arch: int = 80, shared: int = 99 * 1024, backwards: bool = False) -> None:
        """Sets what the device is said to be, and the order in which threads run."""
        self.call("play", arch, shared, backwards)

    def call(self, name: str, *arguments: Any, result: Any = None) -> Any:
        """Calls a function; arrays must be contiguous and of the type that it expects."""
        function = getattr(self._library, name)
        function.restype = result
        return function(*map(_argument, arguments))


def _argument(value: Any) -> Any:
    if value is None:
        return ctypes.c_void_p(None)
    if isinstance(value, np.ndarray):
        assert value.flags.c_contiguous and value.dtype not in (np.float16, np.int64)
        return ctypes.c_void_p(value.ctypes.data)
    return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_int64(int(value))


class Builder:
    """Compiles the libraries that are asked for, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built: dict[str, Library] = {}

    def library(self, name: str) -> Library:
        """The library ``name``, compiled when it is first asked for."""
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def _build(self, name: str) -> Library:
        source, arch = LIBRARIES[name]
        target = self._folder / f"{name}.so"
        command = ["g++", *_FLAGS.split(), "-D__CUDACC__", f"-D__CUDA_ARCH__={arch}"]
        command += [f"-I{FOLDER}", f"-I{OPS}", str(FOLDER / "ops" / f"{source}.cc")]
        done = subprocess.run([*command, "-o", str(target)], capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
        return Library(target)
