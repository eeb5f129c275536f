"""Down-scaled copies of the pictures: ``images_2``, ``images_4`` ... with the names of the originals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from jnerf.capture.sources.picture import write_jpeg
from jnerf.capture.sources.pictures import in_threads
from jnerf.datasets.pictures.decoding import read_rgba, resize
from jnerf.files import write_atomic

_LEAST = 16  # pixels of the shorter side: smaller copies are of no use


def write_copies(images: Path, names: Sequence[str], factors: Sequence[int]) -> None:
    """Writes the copies beside the folder; those that are there already stay.

    Args:
        images: the folder of the originals.
        names: of the pictures in it.
        factors: how many times smaller.
    """

    def write(i: int) -> None:
        picture = None
        for factor in factors:
            target = images.with_name(f"{images.name}_{factor}") / names[i]
            if target.is_file():
                continue
            picture = read_rgba(images / names[i]) if picture is None else picture
            height, width = (round(side / factor) for side in picture.shape[:2])
            small = resize(picture, max(width, _LEAST), max(height, _LEAST))
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.suffix.lower() != ".png":
                write_jpeg(target, small[..., :3])
                continue
            opaque = (small[..., 3] == 255).all()
            code = cv2.COLOR_RGBA2BGR if opaque else cv2.COLOR_RGBA2BGRA
            data = cv2.imencode(".png", cv2.cvtColor(small, code))[1].tobytes()
            write_atomic(target, lambda path, data=data: path.write_bytes(data))

    if factors:
        in_threads(write, range(len(names)), "shrinking pictures")
