"""Which frames of a transforms.json scene are a split: by file, by the names it lists, or by rule.

1. A folder with ``transforms_train.json`` and the like has a file for every split.
2. One file may list ``train_filenames``, ``val_filenames`` and ``test_filenames`` (nerfstudio's keys).
3. Otherwise every n-th frame in the order of the images' paths is held out, the first one included.

``val`` and ``test`` stand for each other where only one of them is there.
"""

from __future__ import annotations

from pathlib import Path

from jnerf.datasets.files.paths import nearby, no_scene, scene_folder, scene_path
from jnerf.datasets.pictures.image_folder import held_out
from jnerf.datasets.pictures.lookup import portable
from jnerf.datasets.splits import SPLITS, STAND_INS, or_without
from jnerf.datasets.transforms.file import TransformsFile, find_images, read_transforms
from jnerf.errors import ConfigError, DataError

_OTHER = "in other splits"  # why frames are left out


def read_split(
    root: str, split: str, holdout: int, drop_missing: bool
) -> tuple[TransformsFile, TransformsFile]:
    """The frames of one split of a scene, and those of training.

    Args:
        root: a folder or a json file; absolute, or relative to the data root.
        split: train, val or test.
        holdout: by rule, every how many-th frame is held out from training; 0: none is, and every split has
            all frames.
        drop_missing: leave out frames whose image is not there; the rule counts those that are.

    Raises:
        ConfigError: an argument is out of range.
        DataError: the scene is missing, broken, or has no such split.
    """
    if split not in SPLITS:
        raise ConfigError(f"split must be train, val or test, got '{split}'")
    path, shared = _split_file(root, split)
    scene = read_transforms(path, drop_missing)
    if shared:
        rule = holdout, drop_missing
        return _part(scene, split, *rule), _part(scene, "train", *rule)
    if split == "train":
        return scene, scene
    return scene, read_transforms(_split_file(root, "train")[0], drop_missing)


def _part(scene: TransformsFile, split: str, holdout: int, drop_missing: bool) -> TransformsFile:
    """The frames of a split that are in the same file as all others."""
    if any(f"{name}_filenames" in scene.shared.values for name in SPLITS):
        return scene.select(_listed(scene, split, drop_missing), _OTHER)
    named = [portable(frame.values["file_path"]) for frame in scene.frames]
    by_name = sorted(range(len(named)), key=named.__getitem__)
    chosen = [by_name[k] for k in held_out(len(by_name), holdout, split)]
    return scene.select(sorted(chosen), _OTHER)


def _split_file(root: str, split: str) -> tuple[Path, bool]:
    """The json file of a split, and whether the other splits are in it as well."""
    path = Path(root).expanduser()
    if path.suffix.lower() == ".json":
        path = scene_path(root)
        if not path.is_file():
            looked = path.absolute()
            raise DataError(
                f"scene file '{root}' not found: looked for {looked}. {no_scene(looked)}"
            )
        return path, True
    folder = scene_folder(root)
    for name in STAND_INS[split]:
        own = folder / f"transforms_{name}.json"
        if own.is_file():
            return own, False
    whole = folder / "transforms.json"
    others = [name for name in SPLITS if (folder / f"transforms_{name}.json").is_file()]
    if whole.is_file() and not others:
        return whole, True
    wanted = " or ".join(f"transforms_{name}.json" for name in STAND_INS[split])
    raise DataError(
        f"{folder} has no scene file for split '{split}': expected {wanted}, or a transforms.json for "
        f"all splits. {nearby(folder.absolute() / f'transforms_{split}.json')} Name the json "
        f"file as dataset.root if it is called otherwise{or_without(split)}"
    )


def _listed(scene: TransformsFile, split: str, drop_missing: bool) -> list[int]:
    """Frames that the file names for the split; those left out for lack of an image are no fault."""
    values = scene.shared.values
    keys = [f"{name}_filenames" for name in STAND_INS[split]]
    key = next((key for key in keys if key in values), None)
    if key is None:
        there = [f"{name}_filenames" for name in SPLITS if f"{name}_filenames" in values]
        raise DataError(
            f"{scene.path} lists {', '.join(there)}, but nothing for split '{split}': add '{keys[0]}', or "
            f"remove these keys to split by rule (dataset.holdout){or_without(split)}"
        )
    names = values[key]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not names:
        raise DataError(f"{scene.path}: '{key}' must be a list of file paths, got {names!r:.200}")
    by_name = {_plain(frame.values["file_path"]): i for i, frame in enumerate(scene.frames)}
    chosen = [by_name.get(_plain(name)) for name in names]
    unknown = [k for k, i in enumerate(chosen) if i is None]
    by_file = {frame.path: i for i, frame in enumerate(scene.frames)}
    files = find_images(scene.path, [names[k] for k in unknown])
    for k, file in zip(unknown, files, strict=True):
        chosen[k] = by_file.get(file)
    unknown = [name for name, i in zip(names, chosen, strict=True) if i is None]
    if unknown and (not drop_missing or len(unknown) == len(names)):
        raise DataError(
            f"{scene.path}: {len(unknown)} of the {len(names)} images in '{key}' are no frame's file_path, among them "
            f"'{unknown[0]}'; the first frame has '{next(iter(by_name))}'. Correct the list"
        )
    return sorted({i for i in chosen if i is not None})


def _plain(name: str) -> str:
    """A relative path without a leading ./ and the like."""
    return Path(portable(name)).as_posix()
