"""What may change while a run trains: learning rate, loss weights, the config file, kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jnerf.config.overrides import parse_value
from jnerf.engine.live.rules import look_up
from jnerf.engine.pipeline.build import loss_blocks
from jnerf.viewer.panels.base import Panel
from jnerf.viewer.registries import PANELS

#: A factor of 2 to the power of at most this, up and down.
_OCTAVES = 6.0


@PANELS.register()
class TunePanel(Panel):
    """Settings that count from the next step on; every change is noted in log.jsonl and run.json."""

    title, tab, order, open = "Change while it trains", "Train", 10, False

    def lacking(self) -> str | None:
        """Only of a run that trains and takes edits."""
        if self.viewer.trainer is None or self.viewer.edits is None:
            return "nothing is trained that could be changed"
        return None

    def build(self, gui: Any) -> None:
        """See ``Panel``."""
        config = self.viewer.trainer.config
        self._lr, self._groups = config.optim.get("lr"), config.optim.get("groups")
        hint = "a number or dict(schedule='linear', value=1e-2, end=1e-3, steps=(0, 5000)); see docs"
        if self._lr is not None:
            factor = gui.add_slider(
                "learning rate x 2^",
                min=-_OCTAVES,
                max=_OCTAVES,
                step=0.5,
                initial_value=0.0,
                hint="of what the config says, its schedule included",
            )
            self.control("lr_factor", factor, self._scale_lr)
            schedule = gui.add_text("optim.lr", _text(self._lr), hint=hint)
            self.control("lr_schedule", schedule, self._setter("optim.lr"))
        single = "type" in config.loss
        for name in loss_blocks(config.loss):
            path = "loss.weight" if single else f"loss.{name}.weight"
            weight = look_up(config, path)
            shown = gui.add_text(path, _text(1.0 if weight is None else weight), hint=hint)
            self.control(f"weight_{name}", shown, self._setter(path))
        every = gui.add_number("log_every", int(config.log_every), min=1, step=1)
        self.control("log_every", every, lambda value, client: self._change(log_every=int(value)))
        reread = gui.add_button("Re-read the config file", hint="also: kill -USR1 PID")
        self.control("reread_config", reread, self._reread(self.viewer.edits.reread_config))
        kernels = gui.add_button("Re-read edited kernels", hint="headers below jnerf/ops")
        self.control("reread_kernels", kernels, self._reread(self.viewer.edits.reread_kernels))
        self._said = gui.add_markdown("")

    def _scale_lr(self, octaves: float, client: Any) -> None:
        factor = 2.0 ** float(octaves)
        values = {"optim.lr": scaled(self._lr, factor)}
        if self._groups:
            values["optim.groups"] = _scaled_groups(self._groups, factor)
        self._change(**values)

    def _setter(self, path: str) -> Any:
        return lambda text, client: self._change(**{path: parse_value(text)})

    def _change(self, **values: Any) -> None:
        self._say(self.viewer.edits.change(values).lines())

    def _reread(self, what: Any) -> Any:
        return lambda value, client: self._say(what())

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            print(f"viewer: step {self.viewer.trainer.step}: {line}")
        self._said.content = "\n".join(f"- `{line}`" for line in lines)


def scaled(value: Any, factor: float) -> Any:
    """A number, or a schedule, times a factor.

    >>> scaled({"schedule": "linear", "value": 2.0, "end": 1.0, "steps": [0, 9]}, 0.5)["end"]
    0.5
    """
    if not isinstance(value, Mapping):
        return value * factor
    ends = {key: value[key] * factor for key in ("value", "end") if key in value}
    return {**value, **ends}


def _scaled_groups(groups: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """The groups' block of an optimiser with every learning rate in it times a factor."""
    found = {}
    for key, value in groups.items():
        if key == "lr":
            found[key] = scaled(value, factor)
        else:
            found[key] = _scaled_groups(value, factor) if isinstance(value, Mapping) else value
    return found


def _text(value: Any) -> str:
    """A setting as a config would have it."""
    if not isinstance(value, Mapping):
        return repr(value)
    return f"dict({', '.join(f'{key}={item!r}' for key, item in value.items())})"
