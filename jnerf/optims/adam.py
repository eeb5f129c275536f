"""Adam with per-entry step counts for sparse parameters, as Instant-NGP trains its hash table.

Kingma & Ba 2015 (https://arxiv.org/abs/1412.6980), with the two changes of Instant-NGP (Müller et
al. 2022, https://arxiv.org/abs/2201.05989, section 4): an epsilon of 1e-15 that is not
bias-corrected, and table entries that no sample touched are skipped entirely. The arithmetic is in
``jnerf.ops.adam``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jittor as jt
import numpy as np

from jnerf.checks.state import check_state
from jnerf.errors import ConfigError
from jnerf.ops.adam import adam_dense, adam_sparse, bias_correction_table
from jnerf.optims.state import bind_slots, check_groups, take
from jnerf.registry import OPTIMS
from jnerf.schedules import Scheduled, make_schedule

_OPTIONS = ("lr", "sparse", "weight_decay")


@dataclass(frozen=True)
class _Slot:
    """One parameter with its state; ``counts`` only where each entry counts its own steps."""

    param: jt.Var
    m: jt.Var
    v: jt.Var
    counts: jt.Var | None

    def state(self) -> dict[str, jt.Var]:
        named = {"m": self.m, "v": self.v}
        return named if self.counts is None else named | {"counts": self.counts}


@OPTIMS.register()
class Adam:
    """Adam over named groups of parameters.

    Args:
        params: parameters of each group, float32; a group may be empty.
        lr: learning rate, a number or a schedule (``jnerf.schedules``).
        betas: decay of the first and second moment, each in [0, 0.99999].
        eps: added to the root of the second moment; not bias-corrected.
        groups: options by group name. ``sparse`` (bool): entries with zero gradient are skipped and
            each entry has its own step count; ``weight_decay`` (float): l2 coefficient, for groups
            that are not sparse; ``lr``: instead of the common one.

    Raises:
        ConfigError: an unknown group or option, or a value out of range.
    """

    def __init__(
        self,
        params: dict[str, list[jt.Var]],
        lr: Scheduled = 1e-2,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-15,
        groups: dict | None = None,
    ) -> None:
        groups = {} if groups is None else groups
        _check_groups(groups, params)
        try:
            table = bias_correction_table(betas)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if not eps > 0:
            raise ConfigError(f"Adam: eps is {eps}; it must be positive")
        self.betas, self.eps = (float(betas[0]), float(betas[1])), float(eps)
        self.updates = 0
        self._table = jt.array(table).stop_grad()
        self._lr = make_schedule(lr)
        self._group_lr = {
            name: make_schedule(groups.get(name, {}).get("lr", lr)) for name in params
        }
        self._decay = {
            name: float(groups.get(name, {}).get("weight_decay", 0.0)) for name in params
        }
        self._sparse = {name: groups.get(name, {}).get("sparse", False) for name in params}
        self._slots: dict[str, list[_Slot]] = {}
        self.rebind(params)

    def rebind(self, params: dict[str, list[jt.Var]]) -> None:
        """Takes parameters of the same groups; those that are new start with moments of zero."""
        self._slots = bind_slots(
            self._slots, params, lambda name, var: _make_slot(var, self._sparse[name])
        )

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
        slots = [slot for group in self._slots.values() for slot in group]
        grads = iter(jt.grad(loss, [slot.param for slot in slots], retain_graph=False))
        grads_of = {name: [next(grads) for _ in group] for name, group in self._slots.items()}
        jt.sync([loss, *(grad for group in grads_of.values() for grad in group)])
        self.updates += 1
        for name, group in self._slots.items():
            lr = float(self._group_lr[name](step))
            for slot, grad in zip(group, grads_of[name], strict=True):
                self._update(slot, grad, lr, self._decay[name])
        jt.sync([slot.param for slot in slots])

    def _update(self, slot: _Slot, grad: jt.Var, lr: float, decay: float) -> None:
        state = (slot.param, grad, slot.m, slot.v)
        if slot.counts is None:
            adam_dense(*state, self.updates, lr, self.betas, self.eps, decay)
        else:
            adam_sparse(*state, slot.counts, self._table, lr, self.betas, self.eps)

    def _named_state(self) -> dict[str, jt.Var]:
        return {
            f"{name}.{i}.{key}": var
            for name, group in self._slots.items()
            for i, slot in enumerate(group)
            for key, var in slot.state().items()
        }

    def state(self) -> dict[str, np.ndarray]:
        """What a bit-exact resume needs besides the parameters: moments, counts, ``updates`` [1]."""
        arrays = {key: var.numpy() for key, var in self._named_state().items()}
        return arrays | {"updates": np.array([self.updates], np.int64)}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes back what ``state`` gave.

        Raises:
            CheckpointError: names or shapes are not those of these parameters; nothing is changed then.
        """
        mine = self._named_state()
        check_state(
            "Adam", {key: tuple(var.shape) for key, var in mine.items()} | {"updates": (1,)}, state
        )
        take(state, mine)
        self.updates = int(state["updates"][0])


def _check_groups(groups: Mapping[str, Any], params: Mapping[str, list]) -> None:
    check_groups(groups, params, _OPTIONS)
    for name, options in groups.items():
        sparse, decay = options.get("sparse", False), options.get("weight_decay", 0.0)
        if not isinstance(sparse, bool):
            raise ConfigError(f"groups.{name}: sparse is {sparse!r}; give True or False")
        if isinstance(decay, bool) or not isinstance(decay, (int, float)) or not decay >= 0:
            raise ConfigError(f"groups.{name}: weight_decay is {decay!r}; give a number >= 0")
        if sparse and decay:
            raise ConfigError(
                f"groups.{name}: weight_decay {decay} with sparse=True would touch every entry;"
                " drop one of the two"
            )


def _make_slot(param: jt.Var, sparse: bool) -> _Slot:
    if param.dtype != "float32":
        raise ConfigError(
            f"Adam: a parameter is {param.dtype} {list(param.shape)}; only float32 is trained"
        )
    zeros = [jt.zeros(param.shape).stop_grad() for _ in range(2)]
    counts = jt.zeros(param.shape, dtype="int32").stop_grad() if sparse else None
    return _Slot(param, *zeros, counts)
