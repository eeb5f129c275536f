"""A plain backdrop, as of white paper: a field that has to build it of matter fills the air with it.

Training against its colour needs no matter there: ``renderer.background=[1.0, 1.0, 1.0]``, and the same as
``renderer.test_background``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jnerf.datasets.pictures.decoding import read_rgba

_LOOKED_AT = 12
_EDGE = 0.01  # of the shorter side
_NEAR, _ALIKE, _MOST = 10, 0.85, 0.8  # of 255; share of the border; share of the pictures


def plain_backdrop(images: Path, names: Sequence[str]) -> tuple[float, float, float] | None:
    """The colour that surrounds the subject in nearly all pictures, RGB in [0, 1]; None if there is none.

    Args:
        images: folder of the pictures.
        names: of the pictures.
    """
    borders = []
    for name in names[:: max(1, len(names) // _LOOKED_AT)]:
        picture = read_rgba(images / name)
        edge = max(1, round(_EDGE * min(picture.shape[:2])))
        parts = picture[:edge], picture[-edge:], picture[:, :edge], picture[:, -edge:]
        border = np.concatenate([part.reshape(-1, 4) for part in parts])
        if (border[:, 3] < 255).mean() > 1 - _ALIKE:
            return None  # alpha says what is empty
        borders.append(border[:, :3].astype(np.int64))
    color = np.median([np.median(border, axis=0) for border in borders], axis=0)
    shares = [(np.abs(border - color).max(axis=1) <= _NEAR).mean() for border in borders]
    if np.mean(np.array(shares) >= _ALIKE) < _MOST:
        return None
    # Pure white and pure black are meant where next to them is found.
    rounded = np.where(color > 255 - _NEAR, 255, np.where(color < _NEAR, 0, color))
    return tuple(round(float(value) / 255, 3) for value in rounded)
