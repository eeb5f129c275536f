"""Configs by name: those that come with the package, wherever it is installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jnerf.checks.origin import display_path
from jnerf.checks.suggest import hint, nearest
from jnerf.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def projects_folder() -> Path:
    """The folder of the methods: ``projects`` of a checkout, ``jnerf/projects`` of an installed package.

    Raises:
        ConfigError: neither is there.
    """
    for folder in (_PACKAGE / "projects", _PACKAGE.parent / "projects"):
        if (folder / "_base_").is_dir():
            return folder
    raise ConfigError(
        f"the configs of jnerf are neither in {_PACKAGE / 'projects'} nor in {_PACKAGE.parent / 'projects'}: install "
        "jnerf again, or name a config by the path of its .py file"
    )


@cache
def named_configs() -> dict[str, Path]:
    """Every config that comes with the package, by name: the methods' in order, then the scenes of ``_base_``."""
    folder = projects_folder()
    files = [*sorted(folder.glob("*/configs/**/*.py")), *sorted(folder.glob("_base_/*.py"))]
    return {path.stem: path for path in reversed(files)}


def find_config(name: str | Path) -> Path:
    """The file of a config.

    Args:
        name: the name of one that comes with the package (``ngp_lego``), the path of a .py file, or the folder of a
            run. A name wins over a folder of the same name; ``./ngp_lego`` is the folder.

    Raises:
        ConfigError: there is nothing of that name, or a folder is no run's; says which names are near.
    """
    text = str(name)
    if is_name(text) and text in named_configs():
        return named_configs()[text]
    path = Path(text)
    if path.is_dir():
        return _of_run(path)
    if path.suffix == ".py" and not path.exists() and path.stem in named_configs():
        text = f"no such config file. Did you mean '{path.stem}', which comes with jnerf?"
        raise ConfigError(f"{display_path(path)}: {text}")
    if path.suffix == ".py":
        return path  # whoever reads it says what is wrong
    if path.is_file():
        raise ConfigError(
            f"{display_path(path)} is no config: one is a .py file. jnerf list configs shows those that come with "
            "jnerf; a run is named by its folder"
        )
    if is_name(text):
        raise ConfigError(f"unknown config '{text}'. {nearest_configs(text)}")
    raise ConfigError(f"{display_path(path)}: no such config file or run folder. {_beside(path)}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a config and not the path of a file.

    >>> is_name("ngp_lego"), is_name("ngp_lego.py"), is_name("./ngp_lego")
    (True, False, False)
    """
    return text.isidentifier()


def nearest_configs(name: str) -> str:
    """A sentence that helps someone who wrote ``name`` and meant a config that comes with the package."""
    near = nearest(name, named_configs())
    meant = f"Did you mean '{near}'? " if near else ""
    return (
        f"{meant}jnerf list configs shows all; a config of your own is named by its path, which ends in .py, and a "
        "run by its folder"
    )


def _beside(path: Path) -> str:
    """What runs lie where one was looked for."""
    folder = path.parent
    runs = sorted(file.parent.name for file in folder.glob("*/config.py"))
    return hint(path.name, runs, f"Runs in {display_path(folder)}")


def _of_run(folder: Path) -> Path:
    path = folder / "config.py"
    if not path.is_file():
        text = "holds no config.py, so it is no run folder"
        raise ConfigError(
            f"{display_path(folder)} {text}. Name a run's folder, such as logs/ngp_lego"
        )
    return path
