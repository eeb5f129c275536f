"""Which runs a sweep has: every method on every scene with every combination of settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jnerf.config import find_config, load_config
from jnerf.config.check import check
from jnerf.config.dump import say
from jnerf.config.find import named_configs
from jnerf.engine.guards.judged import judged_with
from jnerf.errors import ConfigError
from jnerf.sweep.naming import run_name
from jnerf.sweep.scenes import Scene, find_scene, own_scene, spread
from jnerf.sweep.values import Setting, read_settings

if TYPE_CHECKING:
    from jnerf.config import Config

_TESTED = "evaluation.at_end"


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        name: of its folder, in that of the sweep.
        method: the config's name.
        scene: the scene's name.
        variant: the settings of which the sweep has several values but the seed, "optim.lr=0.01"; or "".
        config: what ``jnerf train`` is given: the name of a config of jnerf, or an absolute path.
        overrides: the rest of what it is given.
        seed: of the run.
        total_steps: of the run.
        n_images: test views that it is to be judged on; None: all.
        tested: whether it ends with a test.
        judged_with: settings of that test, see ``jnerf.engine.guards.judged``.
    """

    name: str
    method: str
    scene: str
    variant: str
    config: str
    overrides: tuple[str, ...]
    seed: int
    total_steps: int
    n_images: int | None = None
    tested: bool = True
    judged_with: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def row(self) -> str:
        """What its row of a table is called: runs that differ in seed and scene alone share one."""
        return f"{self.method}, {self.variant}" if self.variant else self.method


@dataclass
class Plan:
    """The runs of a sweep.

    Attributes:
        root: folder of the sweep, absolute.
        runs: in the order in which they begin: all methods of the first scene, then the next scene.
        configs: of each run, checked.
    """

    root: Path
    runs: list[Run]
    configs: dict[str, Config] = field(default_factory=dict, repr=False)

    def folder(self, run: Run) -> Path:
        """Where a run lies."""
        return self.root / run.name


def make_plan(
    files: Sequence[str], scenes: Sequence[str], words: Sequence[str], root: Path, here: bool = True
) -> Plan:
    """The cross product, with every config checked before anything is trained.

    Args:
        files: configs by name, path or run folder.
        scenes: see ``jnerf.sweep.scenes``; none: each config's own.
        words: overrides, with several values where there are commas.
        root: folder of the sweep.
        here: whether the scenes' files lie on this machine.

    Raises:
        ConfigError: a config, an override or a name is wrong.
        DataError: there is no such scene.
    """
    settings = read_settings(words)
    methods = _methods(files)
    asked = spread(scenes)
    plan = Plan(root.absolute(), [])
    for word in asked or [None]:
        for method, file in methods.items():
            base = load_config(find_config(file))
            own = base.get("dataset") or {}
            scene = own_scene(own) if word is None else find_scene(word, own, here)
            for values in product(*(setting.values for setting in settings)):
                _add(plan, method, file, scene, list(zip(settings, values, strict=True)))
    return plan


def _add(
    plan: Plan, method: str, file: str, scene: Scene, values: list[tuple[Setting, str]]
) -> None:
    """Adds a run, its config checked."""
    swept = [(setting.key, value) for setting, value in values if setting.swept]
    overrides = [*scene.overrides, *(f"{setting.key}={value}" for setting, value in values)]
    name = run_name(method, scene.name, swept)
    config = _config(file, overrides, name, plan.root)
    check(config)
    if not config.evaluation.at_end and not _says(values, _TESTED):
        overrides.append(f"{_TESTED}=True")  # a table is what a sweep is for
        config.evaluation.at_end = True
    if name in plan.configs:
        raise ConfigError(
            f"two runs would be called {name}: two scenes have the same name, or a value is given twice. Name one of "
            "the scenes by a .py file with its dataset block; the file's name is the scene's"
        )
    variant = ", ".join(f"{key}={value}" for key, value in swept if key != "seed")
    run = Run(
        name=name,
        method=method,
        scene=scene.name,
        variant=variant,
        config=file if file in named_configs() else str(Path(file).absolute()),
        overrides=tuple(overrides),
        seed=config.seed,
        total_steps=config.total_steps,
        n_images=config.evaluation.n_images,
        tested=config.evaluation.at_end,
        judged_with=judged_with(config),
    )
    plan.runs.append(run)
    plan.configs[name] = config


def _config(file: str, overrides: Sequence[str], name: str, root: Path) -> Config:
    place = [f"exp_name={say(name)}", f"save_dir={say(str(root))}"]
    return load_config(find_config(file), [*overrides, *place])


def _says(values: Sequence[tuple[Setting, str]], key: str) -> bool:
    return any(key == setting.key or key.startswith(f"{setting.key}.") for setting, _ in values)


def _methods(files: Sequence[str]) -> dict[str, str]:
    """The configs by the names that tables call them.

    Raises:
        ConfigError: two have the same.
    """
    found: dict[str, str] = {}
    for file, name in _named(files):
        if name in found:
            raise ConfigError(
                f"--config-file: {found[name]} and {file} are both called {name} in a table; rename one of the files"
            )
        found[name] = file
    return found


def _named(files: Sequence[str]) -> Iterator[tuple[str, str]]:
    for file in files:
        path = find_config(file)
        # A run's folder holds its config.py, and is what people know it by.
        of_run = path == Path(file) / "config.py"
        yield file, path.absolute().parent.name if of_run else path.stem
