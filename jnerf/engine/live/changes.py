"""Changes settings of a run that trains, and puts down that they were changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jnerf.config.check import check
from jnerf.engine.live.rules import changeable, differences, learning_rate, look_up, reason
from jnerf.engine.pipeline.build import loss_blocks
from jnerf.errors import ConfigError

if TYPE_CHECKING:
    from jnerf.engine.trainer import Trainer


@dataclass
class Outcome:
    """What became of an edit.

    Attributes:
        changed: (before, after) of each setting, by its path.
        refused: why each other setting stays, by its path.
    """

    changed: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """What to tell whoever made it."""
        told = [f"{path}: {old!r} -> {new!r}" for path, (old, new) in self.changed.items()]
        told += [f"{path} stays: {why}" for path, why in self.refused.items()]
        return told or ["no setting has changed"]


def take_config(trainer: Trainer, wanted: Any) -> Outcome:
    """Takes the settings of another config as far as they may change; the change is written to log and run.json.

    Args:
        trainer: between two steps.
        wanted: a whole config.

    Raises:
        ConfigError: it is wrong, or a value is out of range; nothing has changed then.
    """
    check(wanted)
    outcome = Outcome()
    for path, values in differences(trainer.config, wanted).items():
        why = _refusal(trainer, wanted, path)
        if why is None:
            outcome.changed[path] = values
        else:
            outcome.refused[path] = why
    _tell_modules(trainer, wanted, outcome.changed)
    for path in outcome.changed:
        _take(trainer.config, wanted, path)
    trainer.plan_evaluations()
    if outcome.changed:
        note = {path: list(values) for path, values in outcome.changed.items()}
        trainer.write({"event": "settings", "changed": note})
        trainer.folder.note_changes(trainer.step, note)
    return outcome


def change(trainer: Trainer, values: Mapping[str, Any]) -> Outcome:
    """Changes single settings, by their paths; see ``take_config``."""
    wanted = trainer.config.copy()
    for path, value in values.items():
        put(wanted, path, value)
    return take_config(trainer, wanted)


def put(config: Any, path: str, value: Any) -> None:
    """Sets a setting in a config.

    Raises:
        ConfigError: there is no such block.
    """
    *above, last = path.split(".")
    block = config
    for key in above:
        if not isinstance(block.get(key), Mapping):
            raise ConfigError(f"{path}: the config has no block '{key}'")
        block = block[key]
    block[last] = value


def _refusal(trainer: Trainer, wanted: Any, path: str) -> str | None:
    """Why a setting of this run stays; None if it may change."""
    if not changeable(path):
        return reason(path)
    kind = f"{path.rpartition('.')[0]}.type"
    if look_up(trainer.config, kind) != look_up(wanted, kind):
        return reason(kind)  # of another class, or of a loss that would begin or end
    if path in ("evaluation.every", "evaluation.steps") and not trainer.evaluates:
        return "the run began without a test split; --resume reads one"
    return None


def _take(config: Any, wanted: Any, path: str) -> None:
    """Has a setting as another config has it, left to its default where that leaves it."""
    block, _, name = path.rpartition(".")
    kept, given = (look_up(c, block) if block else c for c in (config, wanted))
    if name in given:
        kept[name] = given[name]
    else:
        del kept[name]


def _tell_modules(trainer: Trainer, wanted: Any, changed: Mapping[str, Any]) -> None:
    """Modules that keep what they read of their block; whoever refuses does so before anything has changed."""
    pipeline = trainer.pipeline
    weights = {}
    for name, block in loss_blocks(wanted.loss).items():
        paths = {f"loss.{name}.weight", "loss.weight"}
        if paths & changed.keys():
            weights[name] = block.get("weight", 1.0)
    before = {name: pipeline.losses[name].weight for name in weights}
    try:
        for name, weight in weights.items():
            pipeline.losses[name].reweight(weight)
        if {"optim.lr", "optim.groups"} & changed.keys():
            pipeline.optim.retune(learning_rate(wanted), wanted.optim.get("groups"))
    except ConfigError:
        for name, weight in before.items():
            pipeline.losses[name].weight = weight
        raise
