"""What a scene of posed images asks of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.masks import KeptPixels


class ImageSource(Protocol):
    """The pixels of N images, decoded or rendered when first needed."""

    @property
    def paths(self) -> Sequence[Path] | None:
        """The files of the images; None where they are no files of their own."""

    @property
    def pixels(self) -> NDArray[np.uint32]:
        """RGBA bytes of every pixel, row-major, image after image, uint32 [P]."""

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Index of each image's first pixel, int64 [N]."""

    @property
    def kept(self) -> KeptPixels | None:
        """The pixels that may become training rays; None for all."""

    def image(self, i: int) -> NDArray[np.uint8]:
        """Straight RGBA of one image, uint8 [H, W, 4]."""
