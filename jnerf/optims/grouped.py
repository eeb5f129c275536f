"""What optimisers share: groups of parameters with options of their own, and a slot of state for each parameter."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import jittor as jt
import numpy as np

from jnerf.checks.state import check_state
from jnerf.errors import ConfigError
from jnerf.ops.scale_rows import scale_rows
from jnerf.ops.weighted_sum import clip_factor
from jnerf.optims.base import Groups, Optimiser
from jnerf.optims.groups import options_of
from jnerf.optims.state import take
from jnerf.schedules import make_schedule


class Slot(Protocol):
    """A parameter with what the optimiser keeps of it."""

    param: jt.Var

    def state(self) -> dict[str, jt.Var]:
        """What is kept, by name."""


AnySlot = TypeVar("AnySlot", bound=Slot)


class Due(NamedTuple):
    """A parameter that is to be updated.

    Attributes:
        group: its place in the config.
        slot: the parameter and its state.
        grad: its gradient, computed already.
        lr: its learning rate.
    """

    group: str
    slot: Any
    grad: jt.Var
    lr: float


class GroupedOptimiser(Optimiser, Generic[AnySlot]):
    """An optimiser that is a rule for one parameter; groups that a step does not train keep all their state.

    Args:
        params: parameters of each group, float32; a group may be empty.
        lr: learning rate, a number or a schedule (``jnerf.schedules``).
        groups: options by place in the config, see ``jnerf.optims.groups``.
        known: options of the rule, beside those of ``jnerf.optims.groups``.

    Raises:
        ConfigError: an unknown group or option, a value out of range, or a parameter that is not float32.
    """

    def __init__(
        self,
        params: Groups,
        lr: float | dict,
        groups: dict | None,
        known: Collection[str] = (),
    ) -> None:
        self._lr, self._known = make_schedule(lr), known
        self.options = options_of(groups or {}, list(params), lr, known)
        self._slots: dict[str, list[AnySlot]] = {}
        self.waiting = ()
        self.rebind(params)

    @abstractmethod
    def make_slot(self, group: str, param: jt.Var) -> AnySlot:
        """State for a new parameter."""

    @abstractmethod
    def update(self, due: list[Due]) -> None:
        """Changes the parameters of a step and their state in place: all at once, for as few kernels as a rule can."""

    def begin_group(self, group: str) -> None:  # noqa: B027 - most rules count nothing
        """Called before the parameters of a group are updated in a step."""

    def rebind(self, params: Groups) -> None:
        """See ``Optim``: slots go by their parameters."""
        known = {id(slot.param): slot for group in self._slots.values() for slot in group}
        self._slots = {
            name: [known.get(id(var)) or self._new(name, var) for var in group]
            for name, group in params.items()
        }

    def _new(self, group: str, param: jt.Var) -> AnySlot:
        if param.dtype != "float32":
            raise ConfigError(
                f"{type(self).__name__}: a parameter of {group!r} is {param.dtype} {list(param.shape)}; only float32 "
                "is trained"
            )
        return self.make_slot(group, param)

    def retune(self, lr: float | dict, groups: Mapping[str, Any] | None) -> None:
        """See ``Optimiser``; options of the rule itself stay as they are."""
        options = options_of(groups or {}, list(self._slots), lr, self._known)
        for name, found in options.items():
            if found.own != self.options[name].own:
                own = ", ".join(self._known)
                raise ConfigError(f"groups.{name}: {own} cannot change while it is trained")
        self._lr, self.options = make_schedule(lr), options

    def lr_at(self, step: int) -> float:
        """See ``Optimiser``."""
        return float(self._lr(step))

    def step(self, loss: jt.Var, step: int) -> None:
        """See ``Optimiser``; groups that are frozen, or not due at this step, are not differentiated."""
        due = {name: s for name, s in self._slots.items() if s and self.options[name].due(step)}
        params = [slot.param for group in due.values() for slot in group]
        grads = jt.grad(loss, params, retain_graph=False) if params else []
        jt.sync([loss, *grads, *params, *self.waiting])
        self.waiting = ()
        left, updates = iter(self.combine(grads)), []
        for name, group in due.items():
            self.begin_group(name)
            lr = float(self.options[name].lr(step))
            of_group = clipped([next(left) for _ in group], self.options[name].clip_norm)
            updates += [Due(name, *pair, lr) for pair in zip(group, of_group, strict=True)]
        self.update(updates)

    def _counts(self) -> dict[str, int]:
        """Numbers of the state beside the slots', by name."""
        return {}

    def _take_counts(self, counts: dict[str, int]) -> None:
        """Takes back what ``_counts`` gave."""

    def _named_state(self) -> dict[str, jt.Var]:
        return {
            f"{name}.{i}.{key}": var
            for name, group in self._slots.items()
            for i, slot in enumerate(group)
            for key, var in slot.state().items()
        }

    def state(self) -> dict[str, np.ndarray]:
        """See ``Optim``: arrays ``<group>.<index>.<name>``, and counts, int64 [1]."""
        arrays = {key: var.numpy() for key, var in self._named_state().items()}
        return arrays | {key: np.array([n], np.int64) for key, n in self._counts().items()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """See ``Optim``."""
        mine, counts = self._named_state(), self._counts()
        shapes = {key: tuple(var.shape) for key, var in mine.items()}
        check_state(type(self).__name__, shapes | {key: (1,) for key in counts}, state)
        take(state, mine)
        self._take_counts({key: int(state[key][0]) for key in counts})


def clipped(grads: list[jt.Var], most: float | None) -> list[jt.Var]:
    """Gradients of a group, computed already, scaled down where together they are longer than ``most``."""
    if most is None:
        return grads
    scale = clip_factor(grads, most)
    return [scale_rows(grad.reshape((-1, 1)), scale).reshape(grad.shape) for grad in grads]
