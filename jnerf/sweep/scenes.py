"""``--scene``: what a word means for a config, as overrides of its dataset.

A scene is, in this order: a .py file with a ``dataset`` block, and with the ``custom_imports`` that it needs; a path,
which becomes ``dataset.root``; a folder beside the config's own scene (``chair`` beside ``nerf_synthetic/lego``); a
scene that comes with jnerf (``embedded``, ``fox``), whose block is laid over the config's as an inheriting file would
do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from jnerf.checks.suggest import hint
from jnerf.config import load_config
from jnerf.config.dump import say
from jnerf.config.find import projects_folder
from jnerf.datasets.files.paths import scene_path
from jnerf.errors import ConfigError, DataError


@dataclass(frozen=True)
class Scene:
    """A scene of a config.

    Attributes:
        name: how tables call it.
        overrides: of the config.
    """

    name: str
    overrides: tuple[str, ...] = ()


def spread(words: Sequence[str]) -> list[str]:
    """Scenes as they were asked for; ``folder/*`` becomes every folder below ``folder``.

    Raises:
        DataError: there is none.
    """
    found: list[str] = []
    for word in words:
        if not word.endswith("/*"):
            found.append(word)
            continue
        folder = scene_path(word[:-2])
        names = (
            sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
            if folder.is_dir()
            else []
        )
        if not names:
            raise DataError(f"--scene {word}: no folder in {folder.absolute()}. {_WHERE}")
        found += [f"{word[:-1]}{name}" for name in names]
    return found


def own_scene(dataset: Mapping[str, Any]) -> Scene:
    """The scene that a config has itself.

    >>> own_scene({"type": "BlenderDataset", "root": "nerf_synthetic/lego"}).name
    'lego'
    """
    root = dataset.get("root")
    if root:
        return Scene(PurePosixPath(root).stem or str(root))
    kind = str(dataset.get("type", "scene")).removesuffix("Dataset").lower()
    return Scene("embedded" if kind == "procedural" else kind)


def find_scene(word: str, dataset: Mapping[str, Any], here: bool = True) -> Scene:
    """What a word of ``--scene`` means for a config.

    Args:
        word: as it was written.
        dataset: the config's block.
        here: whether the data lies on this machine, so that what is not there is an error.

    Raises:
        ConfigError: a scene file cannot be read or has no dataset.
        DataError: there is no such scene; says what is there.
    """
    if word.endswith(".py"):
        return _of_file(Path(word))
    known = _known()
    if "/" in word or word in (".", ".."):
        return _at(word, here)
    root = dataset.get("root")
    beside = str(PurePosixPath(root).parent / word) if root else None
    if beside and scene_path(beside).exists():
        return Scene(word, (f"dataset.root={say(beside)}",))
    if word in known:
        return Scene(word, _block(known[word]))
    if beside and not here:
        return Scene(word, (f"dataset.root={say(beside)}",))
    looked = f"neither {scene_path(beside).absolute()} nor a" if beside else "no"
    raise DataError(
        f"--scene {word}: {looked} scene of that name that comes with jnerf. {hint(word, known)}. {_WHERE}"
    )


_WHERE = (
    "A scene is a folder beside the config's own, a path (relative ones start from JNERF_DATA, else ./data, else "
    "../shared/data), or a .py file with a dataset block"
)


def _at(word: str, here: bool) -> Scene:
    path = scene_path(word)
    if path.exists() and word.startswith("."):
        word = str(path.absolute())  # whoever trains may have another working directory
    elif here and not path.exists():
        raise DataError(f"--scene {word}: {path.absolute()} is not there. {_WHERE}")
    return Scene(PurePosixPath(word).stem, (f"dataset.root={say(word)}",))


def _known() -> dict[str, Path]:
    """The scenes that come with jnerf, by name."""
    return {path.stem: path for path in sorted(projects_folder().glob("_base_/*.py"))}


def _of_file(path: Path) -> Scene:
    return Scene(path.stem, _block(path))


def _block(path: Path) -> tuple[str, ...]:
    config = load_config(path)
    if not config.get("dataset"):
        raise ConfigError(f"--scene {path}: the file has no dataset block")
    imports = config.get("custom_imports")  # they add up with the config's
    return (
        *([f"custom_imports={say(list(imports))}"] if imports else []),
        f"dataset={say(config.dataset)}",
    )
