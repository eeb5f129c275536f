"""Where the pictures of views are: the files that they were read from, or copies that are written."""

from __future__ import annotations

from pathlib import Path

import cv2
from tqdm import tqdm

from jnerf.datasets.posed import PosedImages
from jnerf.errors import ConfigError
from jnerf.mesh.files import write_file


def picture_files(
    splits: dict[str, PosedImages], folder: Path | None, force: bool, progress: bool = True
) -> dict[str, list[Path]]:
    """The picture of each view, by split.

    Args:
        splits: scenes by the names of their splits.
        folder: where to write copies, as large as the views are in training; None: the files that were read.
        force: replace copies that are there.
        progress: show a progress bar.

    Raises:
        ConfigError: pictures would be replaced, or there are no files that the views were read from.
        JnerfError: the disk is full or refuses.
    """
    if folder is None:
        for split, dataset in splits.items():
            if dataset.images.paths is None:
                raise ConfigError(
                    f"the views of split '{split}' are no files of their own: say --images to write them as pictures"
                )
        return {split: list(dataset.images.paths) for split, dataset in splits.items()}
    found = {
        split: [folder / f"{split}_{name}.png" for name in dataset.cameras.names]
        for split, dataset in splits.items()
    }
    files = [path for paths in found.values() for path in paths]
    there = next((path for path in files if path.exists()), None)
    if there is not None and not force:
        raise ConfigError(f"{there} is there already: say --force to replace it")
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(
        total=len(files), desc="pictures", leave=False, unit="view", disable=not progress
    ) as bar:
        for split, paths in found.items():
            for i, path in enumerate(paths):
                rgba = splits[split].images.image(i)
                data = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tobytes()
                write_file(path, lambda to, data=data: to.write_bytes(data))
                bar.update()
    return found
