"""A folder of images in the order of their names: which they are, how large, and which of them are held out."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.formats import READ, UNREAD, why_unread
from jnerf.datasets.pictures.headers import stored_sizes
from jnerf.datasets.pictures.orientation import upright_sizes
from jnerf.errors import ConfigError, DataError

Split = Literal["train", "val", "test"]


def find_folder(scene: Path, *names: str) -> Path | None:
    """The first of the folders that a scene has, None if it has none; of another case (``Images``) with a warning."""
    exact = next((scene / name for name in names if (scene / name).is_dir()), None)
    if exact is not None or not scene.is_dir():
        return exact
    folders = [path for path in scene.iterdir() if path.is_dir()]
    for name in names:
        alike = [path for path in folders if path.name.casefold() == name.casefold()]
        if len(alike) == 1:
            warnings.warn(f"{alike[0]} is taken for the folder '{name}'", stacklevel=3)
            return alike[0]
    return None


def list_images(folder: Path) -> list[Path]:
    """The images of a folder, sorted by name.

    Images of kinds that are not read, and of which there is no other copy, are left out with a warning.

    Raises:
        DataError: there is no such folder, or no image in it that is read.
    """
    if not folder.is_dir():
        raise DataError(f"image folder {folder} not found. {nearby(folder.absolute())}")
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    found = [path for path in entries if path.suffix.lower() in READ]
    known = {path.stem for path in found}
    unread = [p for p in entries if p.suffix.lower() in UNREAD and p.stem not in known]
    if unread:
        what = f"{unread[0]} {why_unread(unread[0], b'')}"
        if not found:
            raise DataError(f"{folder} holds {len(unread)} images, none of which is read: {what}")
        warnings.warn(f"{len(unread)} images in {folder} are left out: {what}", stacklevel=2)
    if not found:
        raise DataError(
            f"{folder} holds no image (a file ending in {', '.join(READ)}): restore the images, or point "
            "dataset.root elsewhere"
        )
    return found


def image_sizes(
    paths: list[Path], downscale: float, declared: NDArray[np.floating] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Width and height of images as they are stored, and shrunk and rounded to whole pixels, int64 [N, 2] each.

    Sizes are those of images turned where ``declared`` calls for it, see ``orientation.py``.

    Args:
        paths: N images.
        downscale: how many times smaller to make them.
        declared: width and height that the scene file says of each, [N, 2], NaN where it says nothing; None: of none.

    Raises:
        DataError: an image is missing or broken.
    """
    stored = stored_sizes(paths)
    if declared is not None:
        stored = upright_sizes(paths, stored, declared)
    return stored, np.maximum(np.rint(stored / downscale), 1).astype(np.int64)


def rescaled(
    intrinsics: NDArray[np.float64], sizes: NDArray[np.integer], new_sizes: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Intrinsics fx, fy, cx, cy [N, 4] of images of one size [N, 2], for the same images of another."""
    return intrinsics * np.tile(new_sizes / sizes, 2)


def held_out(count: int, holdout: int, split: Split) -> NDArray[np.int64]:
    """Which of the images of a capture are a split: every ``holdout``-th is of the test split, the first included.

    Args:
        count: N images.
        holdout: 2 or more; 0: nothing is held out, and every split has all images.
        split: train, val or test; the latter two are the same.

    Raises:
        ConfigError: the split or the number is out of range.
        DataError: nothing would be left.

    >>> held_out(10, 8, "test").tolist(), held_out(4, 3, "train").tolist()
    ([0, 8], [1, 2])
    """
    check_split(split, holdout)
    every = np.arange(count)
    if holdout == 0:
        return every
    test = every % holdout == 0
    chosen = every[~test if split == "train" else test]
    if not len(chosen):
        raise DataError(
            f"no image is left for split '{split}': there are {count}, and every {holdout}th is held out from "
            "training. Set dataset.holdout to 0 to hold out nothing, or add images"
        )
    return chosen


def check_split(split: str, holdout: int) -> None:
    """Raises ConfigError for what :func:`held_out` does not take, before anything is read."""
    if split not in ("train", "val", "test"):
        raise ConfigError(f"split must be train, val or test, got '{split}'")
    if holdout < 0 or holdout == 1:
        raise ConfigError(f"holdout must be 2 or more, or 0 to hold out nothing, got {holdout}")
