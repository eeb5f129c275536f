"""Weights belong to a scene, its place in the field and a method: are they used with those that they were trained with?

What a run was trained with is in its config.py, and in run.json (jnerf.engine.guards.record). Runs of earlier versions
noted less; what they did not note is not compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jnerf.checks.arguments import signature_of
from jnerf.config.dump import read_dump, say
from jnerf.engine.guards.record import (
    absolute_root,
    moved,
    read_info,
    scene_differences,
    scene_record,
)
from jnerf.engine.guards.rules import Use, Verdict, verdict
from jnerf.errors import ConfigError
from jnerf.registry import INNER, OPTIMS, REGISTRIES, Registry

if TYPE_CHECKING:  # it imports Jittor, which a sweep's worker does not wait for
    from jnerf.datasets.base import Dataset

#: Of each use, what the run cannot.
_DOING = {
    "resume": "go on with --resume",
    "start": "start from its checkpoint",
    "test": "be tested",
    "render": "be rendered",
    "mesh": "be made a mesh of",
    "export": "be exported",
    "cameras": "have its cameras exported",
}


class SameRun:
    """A run's record against what is at hand. First ``check_config``, then, when the scene is built, ``check_scene``.

    Args:
        root: folder of the run that a checkpoint is of; it need not hold any record. None: there is no such run, and
            nothing to compare.
        config: the config at hand, checked.
        use: what the checkpoint is for.
    """

    def __init__(self, root: Path | None, config: Mapping[str, Any], use: Use) -> None:
        self._root, self._config, self._use = root, config, use
        self._info = {} if root is None else read_info(root)
        self._recorded = None if root is None else self._read_config()

    def _read_config(self) -> dict[str, Any] | None:
        path = self._root / "config.py"
        try:
            return read_dump(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, ConfigError) as error:
            warnings.warn(
                f"{path} cannot be compared with this config ({error}): nobody knows whether the checkpoint is for it",
                stacklevel=2,
            )
            return None

    def check_config(self) -> None:
        """Compares settings, before anything is built.

        Raises:
            ConfigError: weights depend on one that differs; lists them all.
        """
        if self._recorded is None:
            return
        lines: dict[Verdict, list[str]] = {level: [] for level in Verdict}
        for path, (then, now) in self._differences().items():
            text = f"{path}: {say(now)} here, {say(then)} in the run"
            lines[verdict(path, self._use)].append(text)
        if self._other_root() and not self._noted_scene():
            level = Verdict.REFUSE if self._use in ("resume", "test") else Verdict.WARN
            lines[level].append(self._say_roots())
        if lines[Verdict.REFUSE]:
            mend = f"mend {self._root / 'config.py'}"
            raise ConfigError(self._refusal(lines[Verdict.REFUSE], mend))
        if lines[Verdict.WARN]:
            self._warn("; ".join(lines[Verdict.WARN]))

    def differing(self) -> list[str]:
        """Settings on which weights depend and that are not the run's, a line each; not what is merely allowed."""
        if self._recorded is None:
            return []
        lines = [
            f"{path}: {say(now)} here, {say(then)} in the run"
            for path, (then, now) in self._differences().items()
            if verdict(path, self._use)
        ]
        return lines + ([self._say_roots()] if self._other_root() else [])

    def check_scene(self, dataset: Dataset) -> None:
        """Compares scenes: the folder may be another one, or hold other files than it did.

        Args:
            dataset: the training split, built.

        Raises:
            ConfigError: it is not the scene that the run was trained on.
        """
        if any(p.startswith("dataset.") and verdict(p, "render") for p in self._differences()):
            return  # it has been said, and the scene would differ for that alone
        elsewhere, noted = self._other_root(), self._noted_scene()
        found = []
        if noted:
            picture = elsewhere and "picture" in noted
            now = scene_record(dataset, self._config["dataset"].get("root"), picture)
            found = scene_differences(noted, now)
        # What a mesh and an export hold is put where the run says, see ``open_trained``.
        misplaced = moved(self._info, dataset) and self._use not in ("mesh", "export")
        if misplaced:
            found.append("another place in the field")
        if found and (elsewhere or misplaced or self._use == "resume") and self._use != "start":
            told = (
                self._say_roots()
                if elsewhere
                else "the scene has changed since the run was trained"
            )
            mend = f"remove 'scene' and 'world_to_field' from {self._root / 'run.json'}"
            raise ConfigError(self._refusal([f"{told}: {', '.join(found)}"], mend))
        if found:
            self._warn(f"the scene is not as it was: {', '.join(found)}")
        elif elsewhere and noted:
            self._warn(
                f"{self._say_roots()}; cameras and first picture are the same, so it counts as a copy"
            )

    def _differences(self) -> dict[str, tuple[Any, Any]]:
        """(then, now) of every setting that differs; without the scene's root."""
        then, now = flat_settings(self._recorded or self._config), flat_settings(self._config)
        kinds = {p for p in {*then, *now} if p.endswith(".type") and then.get(p) != now.get(p)}
        found = {}
        for path in dict.fromkeys([*then, *now]):
            block = path.rpartition(".")[0]
            if path == "dataset.root" or (f"{block}.type" in kinds and path not in kinds):
                continue  # arguments of two classes cannot be compared
            if then.get(path) != now.get(path):
                found[path] = then.get(path), now.get(path)
        return found

    def _noted_scene(self) -> dict[str, Any]:
        """What the run noted of its scene; empty where that would not tell one from another."""
        noted = self._info.get("scene")
        return noted if isinstance(noted, dict) and "pose" in noted else {}

    def _roots(self) -> tuple[str | None, str | None]:
        """The scene's folder (then, now)."""
        then, now = (
            (c or {}).get("dataset") for c in (self._recorded or self._config, self._config)
        )
        return tuple(d.get("root") if isinstance(d, dict) else None for d in (then, now))

    def _other_root(self) -> bool:
        then, now = self._roots()
        noted = self._noted_scene().get("root")
        if then is None or now is None:
            return then != now
        here = absolute_root(now)
        if here is None:
            return then != now
        return str(here) not in {noted, str(absolute_root(noted or then))}

    def _say_roots(self) -> str:
        then, now = self._roots()
        return f"dataset.root: {say(now)} here, {say(self._noted_scene().get('root') or then)} in the run"

    def _refusal(self, lines: Iterable[str], mend: str) -> str:
        return (
            f"the run in {self._root} cannot {_DOING[self._use]}, since its weights are of other settings:\n  "
            + "\n  ".join(lines)
            + f"\nUse the run's own config ({self._root / 'config.py'}), or train with these settings in "
            f"another --save-dir or exp_name. If they are right after all, {mend}."
        )

    def _warn(self, text: str) -> None:
        warnings.warn(f"not as in the run {self._root}: {text}", stacklevel=3)


def flat_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """All settings by path, "encoder.pos_encoder.n_levels", those that a module's constructor has by default too.

    Lists stand for tuples, so that both compare equal.
    """
    found: dict[str, Any] = {}
    for name, value in config.items():
        if name in REGISTRIES or name == "ema":
            found |= _flat_block(name, value, REGISTRIES.get(name, OPTIMS))
        else:
            found[name] = _lists(value)
    return found


def _flat_block(path: str, block: Any, registry: Registry) -> dict[str, Any]:
    if not isinstance(block, Mapping):
        return {f"{path}.type": None}
    found: dict[str, Any] = {}
    if "type" not in block:  # named blocks: encoders, losses
        for name, inner in block.items():
            found |= _flat_block(f"{path}.{name}", inner, registry)
        return found
    for name, value in (_defaults(block["type"], registry) | dict(block)).items():
        place = f"{path}.{name}"
        if place in INNER:
            found |= _flat_block(place, value, INNER[place])
        else:
            found[place] = _lists(value)
    return found


def _defaults(kind: str, registry: Registry) -> dict[str, Any]:
    try:
        parameters = signature_of(registry.get(kind)).parameters
    except ConfigError:  # a class that has gone since
        return {}
    return {name: p.default for name, p in parameters.items() if not p.required}


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lists(item) for item in value]
    return value
