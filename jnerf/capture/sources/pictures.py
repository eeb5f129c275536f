"""A folder of pictures, perhaps with folders in it: of any sizes, from any cameras."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from jnerf.capture.settings import Sharing
from jnerf.capture.sources.picture import Picture, lens_words, scene_name, write_upright
from jnerf.datasets.files.paths import nearby
from jnerf.datasets.pictures.formats import is_image
from jnerf.datasets.pictures.headers import image_size, stored_sizes
from jnerf.datasets.pictures.image_folder import list_images
from jnerf.errors import DataError


def find_pictures(source: Path) -> list[Path]:
    """The pictures in a folder and the folders in it, sorted.

    Raises:
        DataError: there is no such folder, no picture in it that is read, or one is broken.
    """
    if not source.is_dir():
        if source.exists():
            raise DataError(f"image folder {source} is a file: name the folder that holds it")
        raise DataError(f"image folder {source} not found. {nearby(source.absolute())}".rstrip())
    folders = [source, *(path for path in sorted(source.rglob("*")) if path.is_dir())]
    folders = [f for f in folders if not any(_hidden(p) for p in f.relative_to(source).parts)]
    holding = [folder for folder in folders if any(map(_visible_image, folder.iterdir()))]
    found = [path for folder in holding or [source] for path in list_images(folder)]
    stored_sizes(found)  # raises what is broken
    return found


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _visible_image(path: Path) -> bool:
    return path.is_file() and is_image(path) and not _hidden(path.name)


def gather_pictures(source: Path, images: Path, sharing: Sharing) -> list[Picture]:
    """Brings the pictures of a folder, upright, into the scene; those that are there already stay.

    Args:
        source: the folder.
        images: the scene's folder of pictures.
        sharing: see ``Settings.cameras``.

    Raises:
        DataError: see :func:`find_pictures`; or two would have one name.
    """
    found = find_pictures(source)
    names = [scene_name(path.relative_to(source)) for path in found]
    _check_names(found, names)
    targets = [images / name for name in names]

    def write(i: int) -> None:
        if not targets[i].is_file():
            write_upright(found[i], targets[i])

    in_threads(write, range(len(found)), "copying pictures")
    if sharing == "image":
        return [Picture(name, name) for name in names]
    groups = [""] * len(found)
    if sharing == "auto":
        groups = [size_and_lens(*pair) for pair in zip(found, targets, strict=True)]
    inside = [Path(name).parent.as_posix() for name in names]
    if sharing in ("auto", "folder"):
        groups = [f"{place} {group}".strip() for place, group in zip(inside, groups, strict=True)]
    return [Picture(name, group) for name, group in zip(names, groups, strict=True)]


def size_and_lens(source: Path, target: Path) -> str:
    """A picture's size, and what it says of its camera: alike for pictures that one camera took.

    Args:
        source: the picture as it came, with its tags.
        target: the picture in the scene, upright.
    """
    width, height = image_size(target)
    return f"{width}x{height} {lens_words(source)}".strip()


def in_threads(do: Callable[[int], None], items: Iterable[int], label: str) -> None:
    """Does something for each of some numbers, with a progress bar; stops at the first error or at Ctrl-C."""
    items = list(items)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            done = pool.map(do, items)
            for _ in tqdm(done, label, len(items), leave=False, unit="image", disable=None):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _check_names(found: Sequence[Path], names: Sequence[str]) -> None:
    stems: dict[str, Path] = {}
    for path, name in zip(found, names, strict=True):
        stem = name.rpartition(".")[0]
        if stem in stems:
            raise DataError(
                f"{stems[stem]} and {path} would both be called {stem}: rename one, or move one into another folder"
            )
        stems[stem] = path
