"""Binary PLY files of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jnerf.mesh.files import write_file

_ROW = np.dtype(
    [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
    + [(name, "u1") for name in ("red", "green", "blue")]
)
_TYPES = {"<f4": "float", "|u1": "uchar"}


def write_points(
    path: Path, points: NDArray, normals: NDArray[np.float32], colors: NDArray[np.uint8]
) -> None:
    """Writes coloured points with normals, whole or not at all; a file that is there is replaced.

    Args:
        path: the file.
        points: [N, 3].
        normals: [N, 3].
        colors: sRGB, [N, 3].

    Raises:
        JnerfError: the disk is full or refuses.
    """
    rows = np.empty(len(points), _ROW)
    for name, column in zip(
        _ROW.names, np.concatenate([points.T, normals.T, colors.T.astype(np.float64)]), strict=True
    ):
        rows[name] = column
    fields = "".join(f"property {_TYPES[_ROW[name].str]} {name}\n" for name in _ROW.names)
    head = (
        f"ply\nformat binary_little_endian 1.0\ncomment jnerf, world units\nelement vertex {len(rows)}\n"
        f"{fields}end_header\n"
    )
    write_file(path, lambda to: to.write_bytes(head.encode() + rows.tobytes()))
