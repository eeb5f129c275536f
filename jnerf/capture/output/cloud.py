"""The sparse points as a PLY file: positions and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.files import write_atomic

_ROW = [(axis, "<f4") for axis in "xyz"] + [(color, "u1") for color in ("red", "green", "blue")]
_TYPES = {"<f4": "float", "u1": "uchar"}


def write_cloud(path: Path, xyz: NDArray[np.floating], colors: NDArray[np.uint8]) -> None:
    """Writes points, whole or not at all.

    Args:
        path: the file.
        xyz: positions, [M, 3].
        colors: RGB, [M, 3].
    """
    rows = np.empty(len(xyz), _ROW)
    for k, (name, _) in enumerate(_ROW):
        rows[name] = (xyz if k < 3 else colors)[:, k % 3]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(rows)}"]
    header += [f"property {_TYPES[kind]} {name}" for name, kind in _ROW] + ["end_header", ""]
    data = "\n".join(header).encode() + rows.tobytes()
    write_atomic(path, lambda temporary: temporary.write_bytes(data))
