"""The log also as TensorBoard's event files, in the run's folder ``tensorboard/``: ``tensorboard=true``.

Tags: ``train/<name>`` of training rows, but terms of the loss and what modules report of themselves keep their names
(``loss/rgb``, ``sampler/kept``); ``test/<metric>`` of evaluations, ``test/view_<n>`` the first pictures of each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from jnerf.engine.logging import JsonLog
from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.imaging.pictures import to_uint8

_MOST_PICTURES, _WIDEST = 4, 512  # of an evaluation; pixels


def check_tensorboard() -> None:
    """Raises ConfigError when event files cannot be written."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"tensorboard=True needs tensorboardX, which cannot be imported ({error}). "
            "Run: python -m pip install tensorboardX; or train with tensorboard=False"
        ) from error


class TensorBoardLog(JsonLog):
    """A log of which each row also goes to an event file."""

    def __init__(self, path: Path, keep_until: int, events: Path) -> None:
        """Opens the log.

        Args:
            path: as of ``JsonLog``.
            keep_until: as of ``JsonLog``; TensorBoard, too, drops what a run that goes on has written of later steps.
            events: the folder of the event files.
        """
        super().__init__(path, keep_until)
        from tensorboardX import SummaryWriter

        # The name of a file has whole seconds only, which two starts may share.
        again = {"purge_step": keep_until + 1} if keep_until else {}
        self._events = SummaryWriter(str(events), filename_suffix=f".from_{keep_until}", **again)
        self._images: list[Image] = []

    def see(self, image: Image) -> None:
        """Keeps the first pictures of an evaluation until its row comes."""
        if len(self._images) < _MOST_PICTURES:
            self._images.append(image)

    def write(self, row: dict[str, Any]) -> None:
        """Appends one row, to both."""
        super().write(row)
        step = row["step"]
        for tag, value in scalars(row).items():
            self._events.add_scalar(tag, value, step)
        if "eval" in row:
            for i, image in enumerate(self._images):
                self._events.add_image(f"test/view_{i}", _picture(image), step, dataformats="HWC")
            self._images = []
        self._events.flush()  # not after minutes, as its writer would: somebody is watching

    def close(self) -> None:
        """Closes both."""
        self._events.close()
        super().close()


def scalars(row: dict[str, Any]) -> dict[str, float]:
    """The numbers of a row by their tags.

    >>> scalars({"step": 1, "loss/rgb": 0.1, "psnr": 20.0, "lr": None})
    {'loss/rgb': 0.1, 'train/psnr': 20.0}
    """
    if "eval" in row:
        found = {f"test/{name}": value for name, value in row["eval"].items()}
    else:
        named = {name: value for name, value in row.items() if name != "step"}
        found = {n if "/" in n else f"train/{n}": value for n, value in named.items()}
    return {tag: float(value) for tag, value in found.items() if isinstance(value, (int, float))}


def _picture(image: Image) -> Any:
    """Colours over black, uint8 [H, W, 3], no wider than ``_WIDEST``."""
    colors = to_uint8(image.colors)
    height, width = colors.shape[:2]
    if width <= _WIDEST:
        return colors
    return cv2.resize(
        colors, (_WIDEST, max(1, height * _WIDEST // width)), interpolation=cv2.INTER_AREA
    )
