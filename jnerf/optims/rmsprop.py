"""RMSprop that leaves rows without gradient alone, as Plenoxels trains its voxels.

Fridovich-Keil et al. 2022 (https://arxiv.org/abs/2112.05131), section 3.4 and appendix. The arithmetic is in
``jnerf.ops.rmsprop``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jittor as jt
import numpy as np

from jnerf.checks.state import check_state
from jnerf.errors import ConfigError
from jnerf.ops.rmsprop import rmsprop_rows
from jnerf.optims.state import bind_slots, check_groups, take
from jnerf.registry import OPTIMS
from jnerf.schedules import Scheduled, make_schedule

_OPTIONS = ("lr",)


@dataclass(frozen=True)
class _Slot:
    """One parameter and the mean of its squared gradients."""

    param: jt.Var
    v: jt.Var


@OPTIMS.register()
class RMSprop:
    """RMSprop over named groups of parameters; rows without gradient keep all their state.

    Args:
        params: parameters of each group, float32; a group may be empty.
        lr: learning rate, a number or a schedule (``jnerf.schedules``).
        beta: decay of the mean of squared gradients, in [0, 1).
        eps: added to its root.
        groups: options by group name: ``lr`` instead of the common one.

    Raises:
        ConfigError: an unknown group or option, or a value out of range.
    """

    def __init__(
        self,
        params: dict[str, list[jt.Var]],
        lr: Scheduled = 1e-2,
        beta: float = 0.95,
        eps: float = 1e-8,
        groups: dict | None = None,
    ) -> None:
        groups = {} if groups is None else groups
        check_groups(groups, params, _OPTIONS)
        if not 0 <= beta < 1 or not eps > 0:
            raise ConfigError(
                f"RMSprop: beta is {beta} and eps {eps}; they must be in [0, 1), and positive"
            )
        self.beta, self.eps = float(beta), float(eps)
        self._lr = make_schedule(lr)
        self._group_lr = {
            name: make_schedule(groups.get(name, {}).get("lr", lr)) for name in params
        }
        self._slots: dict[str, list[_Slot]] = {}
        self.rebind(params)

    def rebind(self, params: dict[str, list[jt.Var]]) -> None:
        """Takes parameters of the same groups; those that are new start with means of zero."""
        self._slots = bind_slots(self._slots, params, lambda _, var: _make_slot(var))

    def lr_at(self, step: int) -> float:
        """The common learning rate of training step ``step``."""
        return float(self._lr(step))

    def step(self, loss: jt.Var, step: int) -> None:
        """Differentiates the loss and updates every parameter in place.

        Vars that read a parameter lazily and are not part of the loss must be synced before.

        Args:
            loss: scalar.
            step: the training step, for the learning rate's schedule.
        """
        slots = [(name, slot) for name, group in self._slots.items() for slot in group]
        grads = jt.grad(loss, [slot.param for _, slot in slots], retain_graph=False)
        jt.sync([loss, *grads])
        rates = {name: float(rate(step)) for name, rate in self._group_lr.items()}
        for (name, slot), grad in zip(slots, grads, strict=True):
            rmsprop_rows(slot.param, grad, slot.v, rates[name], self.beta, self.eps)
        jt.sync([slot.param for _, slot in slots])

    def _named_state(self) -> dict[str, jt.Var]:
        return {
            f"{name}.{i}.v": slot.v
            for name, group in self._slots.items()
            for i, slot in enumerate(group)
        }

    def state(self) -> dict[str, np.ndarray]:
        """What a bit-exact resume needs besides the parameters."""
        return {key: var.numpy() for key, var in self._named_state().items()}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes back what ``state`` gave.

        Raises:
            CheckpointError: names or shapes are not those of these parameters; nothing is changed then.
        """
        mine = self._named_state()
        check_state("RMSprop", {key: tuple(var.shape) for key, var in mine.items()}, state)
        take(state, mine)


def _make_slot(param: jt.Var) -> _Slot:
    if param.dtype != "float32":
        raise ConfigError(
            f"RMSprop: a parameter is {param.dtype} {list(param.shape)}; only float32 is trained"
        )
    return _Slot(param, jt.zeros(param.shape).stop_grad())
